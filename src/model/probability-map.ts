import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { voxelFromIndex, type LabelMap, type Volume } from '../imaging/volume.js';

/**
 * What both networks saw at a time point, kept for the next one: on the template grid, 0 where nothing was examined,
 * else 1 + the larger probability in 254ths.
 */
export type ProbabilityMap = LabelMap & { readonly voxels: Uint8Array };

/**
 * @param examined the brain within the field of view, on the maps' grid.
 */
export function probabilityMap(
  { sensitivity, specificity }: { sensitivity: Volume; specificity: Volume },
  examined: LabelMap,
): ProbabilityMap {
  const { shape, patientFromVoxel } = examined;
  const voxels = new Uint8Array(examined.voxels.length);
  for (let index = 0; index < voxels.length; index++)
    if (examined.voxels[index])
      voxels[index] = 1 + Math.round(254 * Math.max(sensitivity.voxels[index], specificity.voxels[index]));
  return { shape, patientFromVoxel, voxels };
}

/** What a map says about the location of a lesion. */
export interface SiteSeen {
  /** Share of the lesion's voxels that were examined. */
  readonly coveredShare: number;
  /** Largest probability within a voxel of the lesion; 0 if nothing was examined. */
  readonly highestProbability: number;
}

/**
 * What a map says about the location of each lesion of another time point. A voxel around the lesion is included, since
 * registration is exact to about that much.
 *
 * @param mapFromLabels patient space of `labels` → that of the map, LPS mm.
 * @returns by lesion number.
 */
export function sitesSeen(map: ProbabilityMap, labels: LabelMap, mapFromLabels: Affine): Map<number, SiteSeen> {
  const m = multiplyAffine(invertAffine(map.patientFromVoxel), multiplyAffine(mapFromLabels, labels.patientFromVoxel));
  const sums = new Map<number, { voxels: number; examined: number; highest: number }>();
  for (let index = 0; index < labels.voxels.length; index++) {
    const number = labels.voxels[index];
    if (number === 0) continue;
    const sum = sums.get(number) ?? { voxels: 0, examined: 0, highest: 0 };
    const at = applyAffine(m, voxelFromIndex(index, labels.shape));
    const { examined, highest } = around(map, at);
    sum.voxels++;
    if (examined) sum.examined++;
    sum.highest = Math.max(sum.highest, highest);
    sums.set(number, sum);
  }
  return new Map(
    [...sums].map(([number, { voxels, examined, highest }]) => [
      number,
      { coveredShare: examined / voxels, highestProbability: Math.max(0, highest - 1) / 254 },
    ]),
  );
}

/** Whether anything within a voxel of a point in the map's patient space was examined. */
export const isExamined = (map: ProbabilityMap, point: Vector3): boolean =>
  around(map, applyAffine(invertAffine(map.patientFromVoxel), point)).highest > 0;

/** Whether the voxel at `at` was examined, and the largest value of it and its 26 neighbours. */
function around({ shape, voxels }: ProbabilityMap, at: Vector3): { examined: boolean; highest: number } {
  const [x, y, z] = at.map(Math.round);
  let highest = 0;
  let examined = false;
  for (let k = Math.max(z - 1, 0); k <= Math.min(z + 1, shape[2] - 1); k++)
    for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, shape[1] - 1); j++)
      for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, shape[0] - 1); i++) {
        const value = voxels[i + shape[0] * (j + shape[1] * k)];
        highest = Math.max(highest, value);
        if (i === x && j === y && k === z) examined = value > 0;
      }
  return { examined, highest };
}
