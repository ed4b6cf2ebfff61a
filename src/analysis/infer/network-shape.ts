import type { Manifest } from './manifest.js';

/** The properties of a network that decide in which boxes it is computed. */
export interface NetworkShape {
  /** Feature maps of the nine 3³ layers of each path. */
  readonly widths: readonly number[];
  /** Voxels (j and i) of a folded position; sizes are multiples of it. 1: nothing is folded. */
  readonly block: 1 | 2;
  /** Peak memory per voxel of a path's input, bytes. */
  readonly bytesPerVoxel: number;
}

type Layers = Pick<Manifest, 'widths' | 'classifierWidths'>;

/**
 * A network in 32-bit floating point. Live at the peak are, for a layer of a path, the maps it comes from, their slices
 * and the sums of these (`training/export/winograd.py`); for the classifier, the maps of the paths and some copies of
 * its hidden layer.
 */
export function exactShape({ widths, classifierWidths }: Layers): NetworkShape {
  const layers = widths.slice(1).map((_, index) => (widths[index - 1] ?? 0) + 5 * widths[index]);
  const classifier = 4 * widths.at(-1)! + 6 * Math.max(...classifierWidths, 0);
  return { widths, block: 1, bytesPerVoxel: 4 * Math.max(...layers, classifier) };
}

/**
 * Its 8-bit screen. Live are two neighbouring layers of a path, or those of the classifier; the indices of the
 * context's rows come on top.
 */
export function screenShape({ widths, classifierWidths }: Layers, block: 1 | 2): NetworkShape {
  const layers = widths.slice(1).map((width, index) => width + 2 * widths[index] + widths.at(-1)!);
  const classifier = 8 * widths.at(-1)! + 2 * Math.max(...classifierWidths, 0);
  return { widths, block, bytesPerVoxel: Math.max(...layers, classifier) + 64 };
}
