import { applyAffine, identityAffine, invertAffine, type Vector3 } from '../../imaging/affine.js';
import { extentOf, wholeBox } from '../../imaging/crop.js';
import { resampleLinear, resampleNearest } from '../../imaging/resample.js';
import { voxelFromIndex, type Grid, type LabelMap, type Volume } from '../../imaging/volume.js';

/**
 * The axial plane at patient height `zMm` through everything `grid` covers, as a one-slice grid of 1 mm pixels laid out as
 * radiologists look at it: columns run to the patient's left, rows to posterior.
 */
export function axialPlane(grid: Grid, zMm: number): Grid {
  const { lowest, highest } = extentOf(wholeBox(grid), grid.patientFromVoxel);
  const [width, height] = [0, 1].map((axis) => Math.round(highest[axis] - lowest[axis]) + 1);
  return {
    shape: [width, height, 1],
    patientFromVoxel: [1, 0, 0, lowest[0], 0, 1, 0, lowest[1], 0, 0, 1, zMm, 0, 0, 0, 1],
  };
}

/** Patient heights [lowest, highest] that the grid reaches, mm. */
export function heights(grid: Grid): readonly [number, number] {
  const { lowest, highest } = extentOf(wholeBox(grid), grid.patientFromVoxel);
  return [lowest[2], highest[2]];
}

/** Intensities in a plane of {@link axialPlane}, trilinear; 0 outside. */
export const sectionOf = (volume: Volume, plane: Grid): Float32Array =>
  resampleLinear(volume, plane, identityAffine).voxels;

/** Labels in a plane of {@link axialPlane}, nearest voxel. */
export const labelsIn = (labels: LabelMap, plane: Grid): Uint8Array | Uint16Array =>
  resampleNearest(labels, plane, identityAffine).voxels;

/** Where a lesion shows best: for each label, the height and the centre of its largest axial section, patient mm. */
export function largestSections(labels: LabelMap, numbers: readonly number[]): Map<number, Vector3> {
  const wanted = new Set(numbers);
  const perHeight = new Map<number, Map<number, { sum: [number, number, number]; count: number }>>();
  for (let index = 0; index < labels.voxels.length; index++) {
    const label = labels.voxels[index];
    if (label === 0 || !wanted.has(label)) continue;
    const p = applyAffine(labels.patientFromVoxel, voxelFromIndex(index, labels.shape));
    const bins = perHeight.get(label) ?? new Map<number, { sum: [number, number, number]; count: number }>();
    perHeight.set(label, bins);
    const bin = bins.get(Math.round(p[2])) ?? { sum: [0, 0, 0], count: 0 };
    bins.set(Math.round(p[2]), bin);
    bin.count++;
    p.forEach((value, axis) => (bin.sum[axis] += value));
  }
  const best = new Map<number, Vector3>();
  for (const [label, bins] of perHeight) {
    const { sum, count } = [...bins.values()].reduce((largest, bin) => (bin.count > largest.count ? bin : largest));
    best.set(label, [sum[0] / count, sum[1] / count, sum[2] / count]);
  }
  return best;
}

/** Pixel [column, row] of a patient point in a plane. */
export function pixelOf(plane: Grid, point: Vector3): readonly [number, number] {
  const [i, j] = applyAffine(invertAffine(plane.patientFromVoxel), point);
  return [i, j];
}
