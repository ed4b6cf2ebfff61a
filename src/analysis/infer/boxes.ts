import type { NetworkImage } from '../../imaging/volume.js';
import type { Vector3 } from '../../imaging/affine.js';

/** Each path has this many valid 3³ convolutions; each takes one voxel off every side. */
export const haloVoxels = 9;
/** The subsampled paths see every 3rd and every 5th voxel: everything computed on this lattice sees the same ones. */
export const latticeVoxels = 15;

/** Output region of one run of a network: `size` voxels per axis from voxel `start`. It may reach beyond the image. */
export interface Box {
  readonly start: Vector3;
  readonly size: Vector3;
}

/** Voxels of a full-resolution path's input, halo included. */
export const inputVoxels = ([ni, nj, nk]: Vector3): number =>
  (ni + 2 * haloVoxels) * (nj + 2 * haloVoxels) * (nk + 2 * haloVoxels);

/**
 * Multiply–adds of the nine layers of one path for an output of `size`, halo included, in units of 27.
 *
 * @param widths feature maps of the nine layers.
 */
export function pathWork([ni, nj, nk]: Vector3, widths: readonly number[]): number {
  let sum = 0;
  for (let layer = 0; layer < widths.length; layer++) {
    const margin = 2 * (haloVoxels - 1 - layer);
    sum += (layer === 0 ? 1 : widths[layer - 1]) * widths[layer] * (ni + margin) * (nj + margin) * (nk + margin);
  }
  return sum;
}

/**
 * Cuts the input of one path out of an image: `count` voxels per axis, every `step`-th from voxel `first` on. Voxels
 * outside the image have its background value. The result is laid out [k, j, i], as the networks' tensors are.
 */
export function cutInput(image: NetworkImage, first: Vector3, count: Vector3, step: number): Float32Array {
  const [nx, ny, nz] = image.shape;
  const input = new Float32Array(count[0] * count[1] * count[2]).fill(image.background);
  for (let c = 0, row = 0; c < count[2]; c++) {
    const k = first[2] + c * step;
    for (let b = 0; b < count[1]; b++, row += count[0]) {
      const j = first[1] + b * step;
      if (k < 0 || k >= nz || j < 0 || j >= ny) continue;
      const line = nx * (j + ny * k);
      for (let a = 0; a < count[0]; a++) {
        const i = first[0] + a * step;
        if (i >= 0 && i < nx) input[row + a] = image.voxels[line + i];
      }
    }
  }
  return input;
}

/** First voxel and count per axis of a path's input for `box`: the full-resolution paths have step 1, the others 3 and 5. */
export function pathInput(box: Box, step: number): { first: Vector3; count: Vector3 } {
  // A subsampled path sees the centre voxel of each block of `step` (start + (step − 1) / 2), and nine more beyond
  // either end.
  const first = box.start.map((start) => start - haloVoxels * step + (step - 1) / 2) as unknown as Vector3;
  const count = box.size.map((size) => Math.ceil(size / step) + 2 * haloVoxels) as unknown as Vector3;
  return { first, count };
}
