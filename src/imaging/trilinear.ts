import type { LabelMap, Volume } from './volume.js';

/**
 * The value at a position between voxel centres: linear along each axis between the eight around it. Less than a voxel
 * beyond the outermost centres, the outermost cell continues; along an axis of one voxel the value is constant. What
 * counts as outside is for the caller to decide.
 *
 * @param x the position in voxels, 0 is the centre of the first one; likewise `y` and `z`.
 */
export function trilinear(
  { shape, voxels }: Pick<Volume | LabelMap, 'shape' | 'voxels'>,
  x: number,
  y: number,
  z: number,
): number {
  // Read one by one, and truncated by `| 0`: destructuring the array and Math.floor double the time of a resampling.
  const nx = shape[0];
  const ny = shape[1];
  const nz = shape[2];
  let x0 = x | 0;
  let y0 = y | 0;
  let z0 = z | 0;
  if (x0 > nx - 2) x0 = nx > 1 ? nx - 2 : 0;
  if (y0 > ny - 2) y0 = ny > 1 ? ny - 2 : 0;
  if (z0 > nz - 2) z0 = nz > 1 ? nz - 2 : 0;
  const fx = x - x0;
  const fy = y - y0;
  const dx = nx > 1 ? 1 : 0;
  const dy = ny > 1 ? nx : 0;
  const near = x0 + nx * (y0 + ny * z0);
  const far = nz > 1 ? near + nx * ny : near;
  const c00 = voxels[near] + (voxels[near + dx] - voxels[near]) * fx;
  const c10 = voxels[near + dy] + (voxels[near + dy + dx] - voxels[near + dy]) * fx;
  const c01 = voxels[far] + (voxels[far + dx] - voxels[far]) * fx;
  const c11 = voxels[far + dy] + (voxels[far + dy + dx] - voxels[far + dy]) * fx;
  const c0 = c00 + (c10 - c00) * fy;
  return c0 + (c01 + (c11 - c01) * fy - c0) * (z - z0);
}
