import type { Vector3 } from '../imaging/affine.js';

/** A step to a face, an edge and a corner neighbour, in units of a third of a voxel. */
const steps = [3, 4, 5];

/** Distances are 8 % too short to 12 % too long, and no longer than this many thirds of a voxel. */
const farthest = 255;

/**
 * The distance of every voxel from the nearest one for which `inside` holds, in thirds of a voxel and at most 85 voxels
 * (two-pass chamfer transform).
 *
 * @see Borgefors 1984, Distance transformations in arbitrary dimensions
 */
export function distanceFrom(inside: (index: number) => boolean, [nx, ny, nz]: Vector3): Uint8Array {
  const distance = new Uint8Array(nx * ny * nz).fill(farthest);
  for (let index = 0; index < distance.length; index++) if (inside(index)) distance[index] = 0;
  // The thirteen neighbours that come before a voxel; the outermost layer of the grid is left at its own value.
  const before: { offset: number; cost: number }[] = [];
  for (let k = -1; k <= 0; k++)
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++)
        if (k < 0 || j < 0 || (j === 0 && i < 0))
          before.push({
            offset: i + nx * (j + ny * k),
            cost: steps[Math.abs(i) + Math.abs(j) + Math.abs(k) - 1],
          });
  const offsets = Int32Array.from(before, ({ offset }) => offset);
  const costs = Uint8Array.from(before, ({ cost }) => cost);
  const relax = (index: number, sign: number) => {
    let least = distance[index];
    // No neighbour is nearer than a step.
    if (least <= steps[0]) return;
    for (let n = 0; n < offsets.length; n++) {
      const reached = distance[index + sign * offsets[n]] + costs[n];
      if (reached < least) least = reached;
    }
    distance[index] = least;
  };
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      for (let index = 1 + nx * (j + ny * k), end = index + nx - 2; index < end; index++) relax(index, 1);
  for (let k = nz - 2; k > 0; k--)
    for (let j = ny - 2; j > 0; j--)
      for (let index = nx - 2 + nx * (j + ny * k), end = index - nx + 2; index > end; index--) relax(index, -1);
  return distance;
}
