import { invertAffine, multiplyAffine, type Affine } from './affine.js';
import { trilinear } from './trilinear.js';
import type { LabelMap, Volume } from './volume.js';

const bins = 32;

/** How much two images tell about each other where they overlap. */
export interface Information {
  /** Studholme's normalised mutual information (H(F) + H(M)) / H(F, M): 1 for none, 2 for a bijection. */
  normalised: number;
  /** Fraction of the fixed image's (masked) voxels that lie inside the moving image. */
  overlap: number;
}

/**
 * Mutual information of two images over the fixed voxels (of `mask`, on the same grid), 32 bins between 0 and `ceiling`
 * each; the moving image is sampled trilinearly.
 *
 * @param movingFromFixed patient space of the fixed image → patient space of the moving image, LPS mm.
 * @see Studholme, Hill, Hawkes: An overlap invariant entropy measure of 3D medical image alignment, 1999
 */
export function mutualInformation(
  fixed: Volume,
  moving: Volume,
  movingFromFixed: Affine,
  ceilings: { fixed: number; moving: number },
  mask?: LabelMap,
): Information {
  const m = multiplyAffine(
    invertAffine(moving.patientFromVoxel),
    multiplyAffine(movingFromFixed, fixed.patientFromVoxel),
  );
  const [nx, ny, nz] = fixed.shape;
  const [mx, my, mz] = moving.shape;
  const scaleF = (bins - 1) / ceilings.fixed;
  const scaleM = (bins - 1) / ceilings.moving;
  const joint = new Float64Array(bins * bins);
  let asked = 0, count = 0, index = 0; // prettier-ignore
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (mask && mask.voxels[index] === 0) continue;
        asked++;
        const x = m[0] * i + m[1] * j + m[2] * k + m[3];
        const y = m[4] * i + m[5] * j + m[6] * k + m[7];
        const z = m[8] * i + m[9] * j + m[10] * k + m[11];
        if (!(x >= 0 && y >= 0 && z >= 0 && x < mx - 1 && y < my - 1 && z < mz - 1)) continue;
        const value = trilinear(moving, x, y, z) * scaleM;
        const b = Math.min(Math.max(value, 0), bins - 1.001);
        const a = Math.min(Math.max(Math.round(fixed.voxels[index] * scaleF), 0), bins - 1);
        // Shared between two bins of the moving image: the measure stays smooth as the transform moves.
        const low = Math.floor(b);
        joint[a * bins + low] += 1 - (b - low);
        joint[a * bins + low + 1] += b - low;
        count++;
      }
  if (count === 0) return { normalised: 1, overlap: 0 };
  const marginalF = new Float64Array(bins);
  const marginalM = new Float64Array(bins);
  for (let a = 0; a < bins; a++)
    for (let b = 0; b < bins; b++) {
      marginalF[a] += joint[a * bins + b];
      marginalM[b] += joint[a * bins + b];
    }
  const both = entropy(joint, count);
  return {
    normalised: both > 0 ? (entropy(marginalF, count) + entropy(marginalM, count)) / both : 1,
    overlap: count / asked,
  };
}

function entropy(histogram: Float64Array, total: number): number {
  let sum = 0;
  for (const value of histogram) if (value > 0) sum -= (value / total) * Math.log(value / total);
  return sum;
}
