import type { Prepared } from '../../../src/analysis/prepare/prepare-current.js';
import { applyAffine, multiplyAffine, type Vector3 } from '../../../src/imaging/affine.js';
import { templateGrid } from '../../../src/imaging/volume.js';
import type { Head } from './warped-head.js';

/** A head in slices of 2 mm, turned, scaled, bent, shaded and noisy, with lesions. */
export const thin: Head = {
  seed: 1,
  spacing: [1.6, 1.6, 2],
  shape: [142, 158, 100],
  rotation: [8, -4, 6],
  shiftMm: [5, -10, 12],
  scale: [0.94, 1.05, 0.96],
  warpMm: 4,
  noise: 0.04,
  bias: 0.3,
  lesions: 4,
};
/** Dice of the mask against the truth, over every third point of the template grid. */
export function dice({ brainMask, sourceFromTemplate }: Prepared, isBrain: (point: Vector3) => boolean): number {
  const sourceFromVoxel = multiplyAffine(sourceFromTemplate, templateGrid.patientFromVoxel);
  let both = 0;
  let sum = 0;
  for (let k = 0; k < 155; k += 3)
    for (let j = 0; j < 240; j += 3)
      for (let i = 0; i < 240; i += 3) {
        const found = brainMask.voxels[i + 240 * (j + 240 * k)] !== 0;
        const truth = isBrain(applyAffine(sourceFromVoxel, [i, j, k]));
        sum += Number(found) + Number(truth);
        if (found && truth) both++;
      }
  return (2 * both) / sum;
}

/** The share of the brain's points, every few millimetres, where `holds` does. */
export function shareOfBrain(isBrain: (point: Vector3) => boolean, holds: (point: Vector3) => boolean): number {
  let some = 0;
  let all = 0;
  for (let x = -100; x <= 100; x += 5)
    for (let y = -130; y <= 110; y += 5)
      for (let z = -120; z <= 140; z += 2) {
        if (!isBrain([x, y, z])) continue;
        all++;
        if (holds([x, y, z])) some++;
      }
  return some / all;
}
