import { invertAffine, multiplyAffine, type Affine } from './affine.js';
import { trilinear } from './trilinear.js';
import type { LabelMap, Volume } from './volume.js';

/** How well two images agree where they overlap. */
export interface Agreement {
  /** Pearson's correlation coefficient, −1 to 1; 0 if either image is constant. */
  correlation: number;
  /** Fraction of the fixed image's (masked) voxels that lie inside the moving image. */
  overlap: number;
}

/**
 * Correlation of `fixed` with `moving`, sampled trilinearly at the fixed voxels (of `mask`, if given, on the same
 * grid).
 *
 * @param movingFromFixed patient space of the fixed image → patient space of the moving image, LPS mm.
 */
export function correlate(fixed: Volume, moving: Volume, movingFromFixed: Affine, mask?: LabelMap): Agreement {
  const m = multiplyAffine(
    invertAffine(moving.patientFromVoxel),
    multiplyAffine(movingFromFixed, fixed.patientFromVoxel),
  );
  const [nx, ny, nz] = fixed.shape;
  const [mx, my, mz] = moving.shape;
  let asked = 0, count = 0, sumF = 0, sumM = 0, sumFF = 0, sumMM = 0, sumFM = 0; // prettier-ignore
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (mask && mask.voxels[index] === 0) continue;
        asked++;
        const x = m[0] * i + m[1] * j + m[2] * k + m[3];
        const y = m[4] * i + m[5] * j + m[6] * k + m[7];
        const z = m[8] * i + m[9] * j + m[10] * k + m[11];
        if (!(x >= 0 && y >= 0 && z >= 0 && x < mx - 1 && y < my - 1 && z < mz - 1)) continue;
        const b = trilinear(moving, x, y, z);
        const a = fixed.voxels[index];
        count++;
        sumF += a;
        sumM += b;
        sumFF += a * a;
        sumMM += b * b;
        sumFM += a * b;
      }
  if (count === 0) return { correlation: 0, overlap: 0 };
  const varianceF = sumFF - (sumF * sumF) / count;
  const varianceM = sumMM - (sumM * sumM) / count;
  const covariance = sumFM - (sumF * sumM) / count;
  const flat = varianceF <= 1e-9 * sumFF || varianceM <= 1e-9 * sumMM;
  return { correlation: flat ? 0 : covariance / Math.sqrt(varianceF * varianceM), overlap: count / asked };
}
