import type { Manifest } from './manifest.js';

/** What of a network decides in which boxes it is computed. */
export interface NetworkShape {
  /** Feature maps of the nine 3³ layers of each path. */
  readonly widths: readonly number[];
  /** Voxels (j and i) of a folded position; sizes are multiples of it. 1: nothing is folded. */
  readonly block: 1 | 2;
  /** Memory a voxel of a path's input costs at the peak, bytes. */
  readonly bytesPerVoxel: number;
}

type Layers = Pick<Manifest, 'widths' | 'classifierWidths'>;

/** Bytes of the live activations of a voxel: the two largest neighbouring layers of a path, or the classifier's. */
function activations({ widths, classifierWidths }: Layers, bytes: number): number {
  const layers = widths.slice(1).map((width, index) => width + 2 * widths[index]);
  const classifier = 8 * widths.at(-1)! + 2 * Math.max(...classifierWidths, 0);
  return bytes * Math.max(...layers.map((layer) => layer + widths.at(-1)!), classifier);
}

/** A network in 32-bit floating point. */
export const exactShape = (layers: Layers): NetworkShape => ({
  widths: layers.widths,
  block: 1,
  bytesPerVoxel: activations(layers, 4),
});

/** Its 8-bit screen. */
export const screenShape = (layers: Layers, block: 1 | 2): NetworkShape => ({
  widths: layers.widths,
  block,
  // Indices of the context's rows come on top.
  bytesPerVoxel: activations(layers, 1) + 64,
});
