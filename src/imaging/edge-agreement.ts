import type { LabelMap, Volume } from './volume.js';

/**
 * Whether two images on one grid have their edges in the same places: the uncentred correlation of their gradient
 * magnitudes (central differences) over the mask, 0 to 1; 0 if either has no edge.
 */
export function edgeAgreement(a: Volume, b: Volume, mask: LabelMap): number {
  const [nx, ny, nz] = mask.shape;
  const slice = nx * ny;
  let sumAB = 0;
  let sumAA = 0;
  let sumBB = 0;
  const squared = ({ voxels }: Volume, p: number) =>
    (voxels[p + 1] - voxels[p - 1]) ** 2 +
    (voxels[p + nx] - voxels[p - nx]) ** 2 +
    (voxels[p + slice] - voxels[p - slice]) ** 2;
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      for (let i = 1; i < nx - 1; i++) {
        const p = i + nx * j + slice * k;
        if (mask.voxels[p] === 0) continue;
        const aa = squared(a, p);
        const bb = squared(b, p);
        sumAB += Math.sqrt(aa * bb);
        sumAA += aa;
        sumBB += bb;
      }
  return sumAA > 0 && sumBB > 0 ? sumAB / Math.sqrt(sumAA * sumBB) : 0;
}
