import { identityAffine } from './affine.js';
import { coarsen } from './block-mean.js';
import { blur } from './box-blur.js';
import { resampleLinear } from './resample.js';
import type { Volume } from './volume.js';

const fieldSpacingMm = 4;
const fieldSigmaMm = 20;
/** Values above this multiple of their surroundings (fat, vessels) carry no more information for a registration. */
const ceiling = 2.5;
/** Range of a flattened image for a joint histogram, fixed and moving. */
export const flattenedCeilings = { fixed: 2, moving: 2 };

/**
 * An image for comparing heads, not for viewing: each voxel relative to the mean of the tissue around it, so that a
 * surface coil's shading (up to tenfold between scalp and brain stem if the scanner does not correct it) and bright fat
 * have little weight. Air stays near 0, tissue lies near 1.
 */
export function flatten(volume: Volume): Volume {
  const coarse = coarsen(volume, fieldSpacingMm);
  const air = airLevel(coarse);
  const tissue = coarse.voxels.map((value) => (value > air ? 1 : 0));
  const sum = blur({ ...coarse, voxels: coarse.voxels.map((value, index) => value * tissue[index]) }, fieldSigmaMm);
  const count = blur({ ...coarse, voxels: tissue }, fieldSigmaMm);
  const field: Volume = {
    ...coarse,
    // Far from all tissue the field is the air level over one voxel of tissue, so that nothing there is lifted.
    voxels: sum.voxels.map((value, index) => (value + air * 0.05) / (count.voxels[index] + 0.05) || 1),
  };
  const fine = resampleLinear(field, volume, identityAffine, NaN);
  const voxels = volume.voxels.map((value, index) => {
    const surroundings = fine.voxels[index];
    // Outside the field's outermost voxel centres (half a block) there is no estimate; heads do not reach that far.
    return Number.isNaN(surroundings) ? 0 : Math.min(Math.max(value / surroundings, 0), ceiling);
  });
  return { shape: volume.shape, patientFromVoxel: volume.patientFromVoxel, voxels };
}

/** Between air and tissue: a quarter of the mean of what lies above the mean. */
function airLevel({ voxels }: Volume): number {
  const mean = voxels.reduce((sum, value) => sum + value, 0) / voxels.length;
  let sum = 0;
  let count = 0;
  for (const value of voxels)
    if (value > mean) {
      sum += value;
      count++;
    }
  return count > 0 ? (0.25 * sum) / count : 0;
}
