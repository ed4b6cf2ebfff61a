import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../../src/imaging/affine.js';
import { resampleLinear } from '../../../src/imaging/resample.js';
import type { LabelMap, Volume } from '../../../src/imaging/volume.js';
import { normal, seeded } from '../prepare/warped-head.js';

export interface Rescan {
  seed: number;
  /** Patient space of the first scan → patient space of the second. */
  secondFromFirst: Affine;
  spacing: Vector3;
  shape: Vector3;
  /** Standard deviation, in units of the image's mean. */
  noise: number;
  /** The shading varies by this factor from one corner to the other. */
  bias: number;
}

/** The same head once more: laid elsewhere, other slices (each the mean over its thickness), noise, shading and scale. */
export function rescan(source: Volume, { seed, secondFromFirst, spacing, shape, noise, bias }: Rescan): Volume {
  const random = seeded(seed);
  const middle = applyAffine(
    multiplyAffine(secondFromFirst, source.patientFromVoxel),
    source.shape.map((size) => (size - 1) / 2) as unknown as Vector3,
  );
  const parts = Math.max(1, Math.round(spacing[2]));
  const patientFromVoxel = (axisMm: Vector3, size: Vector3): Affine => [
    axisMm[0], 0, 0, middle[0] - (axisMm[0] * (size[0] - 1)) / 2,
    0, axisMm[1], 0, middle[1] - (axisMm[1] * (size[1] - 1)) / 2,
    0, 0, axisMm[2], middle[2] - (axisMm[2] * (size[2] - 1)) / 2,
    0, 0, 0, 1,
  ]; // prettier-ignore
  const thinShape: Vector3 = [shape[0], shape[1], shape[2] * parts];
  const thin = resampleLinear(
    source,
    { shape: thinShape, patientFromVoxel: patientFromVoxel([spacing[0], spacing[1], spacing[2] / parts], thinShape) },
    invertAffine(secondFromFirst),
  );
  const mean = source.voxels.reduce((sum, value) => sum + value, 0) / source.voxels.length;
  const slice = shape[0] * shape[1];
  const voxels = new Float32Array(slice * shape[2]);
  for (let k = 0, index = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, index++) {
        let sum = 0;
        for (let part = 0; part < parts; part++) sum += thin.voxels[i + shape[0] * j + slice * (k * parts + part)];
        const shading = 1 + bias * (i / shape[0] - j / shape[1] + k / shape[2] - 0.5);
        voxels[index] = Math.abs(1.7 * ((sum / parts) * shading + mean * noise * normal(random)));
      }
  return { shape, patientFromVoxel: patientFromVoxel(spacing, shape), voxels };
}

/** Mean and greatest distance, over the mask's voxels, between where two transforms put them. */
export function targetErrorMm(mask: LabelMap, found: Affine, truth: Affine): { mean: number; worst: number } {
  const [nx, ny] = mask.shape;
  const a = multiplyAffine(found, mask.patientFromVoxel);
  const b = multiplyAffine(truth, mask.patientFromVoxel);
  let sum = 0;
  let count = 0;
  let worst = 0;
  for (const [index, label] of mask.voxels.entries()) {
    if (label === 0) continue;
    const voxel: Vector3 = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / nx / ny)];
    const p = applyAffine(a, voxel);
    const q = applyAffine(b, voxel);
    const error = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    sum += error;
    count++;
    worst = Math.max(worst, error);
  }
  return { mean: sum / count, worst };
}
