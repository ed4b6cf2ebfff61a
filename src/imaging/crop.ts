import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from './affine.js';
import type { Grid, LabelMap, Volume } from './volume.js';

/** First and last voxel index on each axis, both inclusive. */
export interface IndexBox {
  readonly first: Vector3;
  readonly last: Vector3;
}

/** The box of all voxels of a grid. */
export const wholeBox = ({ shape: [nx, ny, nz] }: Grid): IndexBox => ({
  first: [0, 0, 0],
  last: [nx - 1, ny - 1, nz - 1],
});

/** Lowest and highest coordinate on each axis to which the corners of a box are taken. */
export function extentOf({ first, last }: IndexBox, targetFromVoxel: Affine): { lowest: Vector3; highest: Vector3 } {
  const lowest = [Infinity, Infinity, Infinity];
  const highest = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const [x, y, z] = [corner & 1, corner & 2, corner & 4].map((far, axis) => (far ? last : first)[axis]);
    applyAffine(targetFromVoxel, [x, y, z]).forEach((value, axis) => {
      lowest[axis] = Math.min(lowest[axis], value);
      highest[axis] = Math.max(highest[axis], value);
    });
  }
  return { lowest: lowest as unknown as Vector3, highest: highest as unknown as Vector3 };
}

/** The smallest box around the label map's non-zero voxels, or null if there are none. */
export function boundingBox(labels: LabelMap): IndexBox | null {
  const [nx, ny, nz] = labels.shape;
  const first = [nx, ny, nz];
  const last = [-1, -1, -1];
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (labels.voxels[index] === 0) continue;
        if (i < first[0]) first[0] = i;
        if (i > last[0]) last[0] = i;
        if (j < first[1]) first[1] = j;
        if (j > last[1]) last[1] = j;
        if (k < first[2]) first[2] = k;
        if (k > last[2]) last[2] = k;
      }
  return last[0] < 0 ? null : { first: first as unknown as Vector3, last: last as unknown as Vector3 };
}

/**
 * The box on `target`'s grid that holds `box` of `source`'s grid, grown by `marginMm` and clipped to `target`; null if
 * they do not meet.
 */
export function boxOn(
  target: Grid,
  source: Grid,
  box: IndexBox,
  targetFromSource: Affine,
  marginMm: number,
): IndexBox | null {
  const voxelFromPatient = invertAffine(target.patientFromVoxel);
  const m = multiplyAffine(voxelFromPatient, multiplyAffine(targetFromSource, source.patientFromVoxel));
  const { lowest, highest } = extentOf(box, m);
  const first = [...lowest];
  const last = [...highest];
  for (let axis = 0; axis < 3; axis++) {
    // A row of the inverse is as long as one millimetre is in voxels.
    const [x, y, z] = voxelFromPatient.slice(axis * 4, axis * 4 + 3);
    const margin = marginMm * Math.hypot(x, y, z);
    first[axis] = Math.max(0, Math.floor(first[axis] - margin));
    last[axis] = Math.min(target.shape[axis] - 1, Math.ceil(last[axis] + margin));
    if (last[axis] < first[axis]) return null;
  }
  return { first: first as unknown as Vector3, last: last as unknown as Vector3 };
}

/** The grid of a box: same voxels, same positions. */
function boxGrid(grid: Grid, { first, last }: IndexBox): Grid {
  return {
    shape: [last[0] - first[0] + 1, last[1] - first[1] + 1, last[2] - first[2] + 1],
    patientFromVoxel: multiplyAffine(grid.patientFromVoxel, [
      1, 0, 0, first[0],
      0, 1, 0, first[1],
      0, 0, 1, first[2],
      0, 0, 0, 1,
    ]), // prettier-ignore
  };
}

/** The voxels of a box, copied. */
export function crop(volume: Volume, box: IndexBox): Volume {
  const grid = boxGrid(volume, box);
  const [nx, ny, nz] = grid.shape;
  const voxels = new Float32Array(nx * ny * nz);
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++, index += nx) {
      const start = box.first[0] + volume.shape[0] * (box.first[1] + j + volume.shape[1] * (box.first[2] + k));
      voxels.set(volume.voxels.subarray(start, start + nx), index);
    }
  return { ...grid, voxels };
}
