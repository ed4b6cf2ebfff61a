import { describe, expect, test } from 'vitest';
import { isExamined, probabilityMap, sitesSeen } from '../../src/model/probability-map.js';
import { rigidAffine } from '../../src/phantom/rigid.js';
import { identityAffine, type Vector3 } from '../../src/imaging/affine.js';
import { emptyVolume, type Grid } from '../../src/imaging/volume.js';

const grid: Grid = { shape: [20, 20, 20], patientFromVoxel: identityAffine };
const indexOf = ([i, j, k]: Vector3) => i + 20 * (j + 20 * k);
/** The half below i = 10 was examined. */
const examined = { ...grid, voxels: Uint8Array.from({ length: 8000 }, (_, index) => (index % 20 < 10 ? 1 : 0)) };
const maps = { sensitivity: emptyVolume(grid), specificity: emptyVolume(grid) };
maps.sensitivity.voxels[indexOf([5, 5, 5])] = 0.4;
maps.specificity.voxels[indexOf([5, 5, 5])] = 0.2;
const map = probabilityMap(maps, examined);

const lesionAt = (...voxels: Vector3[]) => {
  const labels = { ...grid, voxels: new Uint16Array(8000) };
  for (const voxel of voxels) labels.voxels[indexOf(voxel)] = 1;
  return labels;
};
const seen = (...voxels: Vector3[]) => sitesSeen(map, lesionAt(...voxels), identityAffine).get(1)!;

describe('what a time point saw at a location', () => {
  test('1: is the larger probability of both networks, including one voxel around the lesion', () => {
    expect(seen([5, 5, 5]).highestProbability).toBeCloseTo(0.4, 2);
    expect(seen([6, 6, 4]).highestProbability).toBeCloseTo(0.4, 2);
    expect(seen([7, 5, 5])).toEqual({ coveredShare: 1, highestProbability: 0 });
  });

  test('2: includes how much of it was examined', () => {
    expect(seen([9, 1, 1], [10, 1, 1], [11, 1, 1], [12, 1, 1]).coveredShare).toBe(0.25);
    expect(seen([15, 1, 1])).toEqual({ coveredShare: 0, highestProbability: 0 });
    expect(isExamined(map, [10.4, 3, 3])).toBe(true);
    expect(isExamined(map, [12, 3, 3])).toBe(false);
    expect(isExamined(map, [-40, 3, 3])).toBe(false);
  });

  test('3: goes through the transform between the two', () => {
    const labels = lesionAt([8, 5, 5]);
    expect(sitesSeen(map, labels, rigidAffine([0, 0, 0], [-3, 0, 0])).get(1)!.highestProbability).toBeCloseTo(0.4, 2);
  });
});
