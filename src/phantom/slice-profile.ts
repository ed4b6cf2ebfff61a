import { multiplyAffine, type Vector3 } from '../imaging/affine.js';
import { voxelCount, type Grid, type Volume } from '../imaging/volume.js';
import { scannerGrid, type ScannerSettings } from './scanner.js';

/** Slices are painted as this many layers of about three quarters of a millimetre each. */
const layersOf = ({ spacingMm }: ScannerSettings): number => Math.max(1, Math.round(spacingMm[2] / 0.75));

/** The grid on which the head is painted before it is scanned: the scanner's, each slice divided into thin layers. */
export function layeredGrid(scanner: ScannerSettings): Grid {
  const { shape, patientFromVoxel } = scannerGrid(scanner);
  const layers = layersOf(scanner);
  // Layer l of slice k has its centre at slice coordinate k + (l + ½)/layers − ½.
  const slicesFromLayers = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 / layers, 0.5 / layers - 0.5, 0, 0, 0, 1] as const;
  return {
    shape: [shape[0], shape[1], shape[2] * layers],
    patientFromVoxel: multiplyAffine(patientFromVoxel, [...slicesFromLayers]),
  };
}

/**
 * What a scanner without faults measures of a painted head: the mean over each slice's layers, spread by its point-spread
 * function. Tissue, vessels and lesions all pass through here, so that all of them are thick where slices are thick.
 *
 * @param painted on {@link layeredGrid} of the same scanner.
 * @returns the scanner's grid, signal in parts of white matter.
 */
export function throughSlices({ voxels }: Volume, scanner: ScannerSettings): Volume {
  const grid = scannerGrid(scanner);
  const layers = layersOf(scanner);
  const slice = grid.shape[0] * grid.shape[1];
  const out = layers === 1 ? voxels.slice() : new Float32Array(voxelCount(grid));
  if (layers > 1)
    for (let k = 0; k < grid.shape[2]; k++)
      for (let layer = 0; layer < layers; layer++) {
        const start = slice * (k * layers + layer);
        for (let index = 0; index < slice; index++) out[k * slice + index] += voxels[start + index] / layers;
      }
  for (const axis of [0, 1, 2] as const) spreadAlong(out, grid.shape, axis, scanner.pointSpread);
  return { ...grid, voxels: out };
}

/** Gives `share` of every voxel to each of its two neighbours along an axis, in place; the ends keep what would leave. */
export function spreadAlong(voxels: Float32Array, shape: Vector3, axis: 0 | 1 | 2, share: number): void {
  const step = [1, shape[0], shape[0] * shape[1]][axis];
  const count = shape[axis];
  const line = new Float32Array(count + 2);
  const [innerCount, innerStep] = axis === 0 ? [shape[1], shape[0]] : [shape[0], 1];
  const [outerCount, outerStep] = axis === 2 ? [shape[1], shape[0]] : [shape[2], shape[0] * shape[1]];
  for (let outer = 0; outer < outerCount; outer++)
    for (let inner = 0; inner < innerCount; inner++) {
      const start = outer * outerStep + inner * innerStep;
      for (let n = 0; n < count; n++) line[n + 1] = voxels[start + n * step];
      line[0] = line[1];
      line[count + 1] = line[count];
      for (let n = 0; n < count; n++)
        voxels[start + n * step] = line[n + 1] + share * (line[n] + line[n + 2] - 2 * line[n + 1]);
    }
}
