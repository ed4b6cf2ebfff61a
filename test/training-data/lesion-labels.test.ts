import { describe, expect, test } from 'vitest';
import { lesionLabels } from '../../src/training-data/lesion-labels.js';
import { applyAffine, identityAffine, invertAffine, multiplyAffine, type Vector3 } from '../../src/imaging/affine.js';
import type { Grid, LabelMap } from '../../src/imaging/volume.js';
import { pose } from '../analysis/prepare/warped-head.js';

const source: Grid = {
  shape: [60, 50, 40],
  patientFromVoxel: [0.9, 0, 0, -27, 0, 0.9, 0, -22, 0, 0, 1.4, -28, 0, 0, 0, 1],
};
const target: Grid = { shape: [64, 64, 64], patientFromVoxel: [1, 0, 0, -32, 0, 1, 0, -32, 0, 0, 1, -32, 0, 0, 0, 1] };

/** A mask of balls: centre (patient mm) and radius. */
function balls(...of: [Vector3, number][]): LabelMap {
  const voxels = new Uint8Array(60 * 50 * 40);
  for (let index = 0; index < voxels.length; index++) {
    const voxel: Vector3 = [index % 60, Math.floor(index / 60) % 50, Math.floor(index / 3000)];
    const at = applyAffine(source.patientFromVoxel, voxel);
    if (of.some(([centre, radius]) => Math.hypot(...at.map((value, axis) => value - centre[axis])) <= radius))
      voxels[index] = 1;
  }
  return { ...source, voxels };
}
const count = ({ voxels }: LabelMap, id: number) => [...voxels].filter((value) => value === id).length;
const moved = multiplyAffine(pose([12, -7, 9], [3, -2, 4]), identityAffine);

describe('lesionLabels', () => {
  test('equal the outline on the same grid', () => {
    const mask = balls([[0, 0, 0], 6]);
    const { labels, lesions } = lesionLabels([mask], source, identityAffine);
    expect(Buffer.from(labels.voxels).equals(Buffer.from(mask.voxels as Uint8Array))).toBe(true);
    expect(lesions).toHaveLength(1);
  });

  test('keep position and volume of each outline when rotated onto another grid', () => {
    const centres: Vector3[] = [[-12, 5, 3], [10, -8, -9], [4, 12, 12]]; // prettier-ignore
    const { labels, lesions } = lesionLabels(
      [balls([centres[0], 7]), balls([centres[1], 4], [centres[2], 2.5])],
      target,
      moved,
    );
    expect(lesions.map(({ id }) => id)).toEqual([1, 2, 3]);
    const voxelFromPatient = invertAffine(target.patientFromVoxel);
    for (const { id, volumeMm3, centroidVoxel } of lesions) {
      expect(count(labels, id)).toBe(Math.round(volumeMm3));
      const nearest = Math.min(
        ...centres.map((centre) =>
          Math.hypot(
            ...applyAffine(voxelFromPatient, applyAffine(moved, centre)).map((at, axis) => at - centroidVoxel[axis]),
          ),
        ),
      );
      expect(nearest).toBeLessThan(0.5);
    }
  });

  test('give touching outlines numbers of their own, and do not lose a single voxel', () => {
    const left = balls([[-4, 0, 0], 4.4]);
    const right = balls([[4, 0, 0], 4.4]);
    left.voxels.forEach((value, index) => value && (right.voxels[index] = 0));
    const dot: LabelMap = { ...source, voxels: new Uint8Array(120_000) };
    dot.voxels[40 + 60 * (40 + 50 * 30)] = 1;
    const { labels, lesions } = lesionLabels([left, right, dot], target, moved);
    expect(lesions).toHaveLength(3);
    expect(Math.min(...lesions.map(({ id }) => count(labels, id)))).toBeGreaterThan(0);
    expect(count(labels, 3)).toBeLessThanOrEqual(3);
  });

  test('are refused for one outside the target, and for more than a byte can count', () => {
    const far = multiplyAffine(pose([0, 0, 0], [300, 0, 0]), identityAffine);
    expect(() => lesionLabels([balls([[0, 0, 0], 5])], target, far)).toThrow(/outside the head/);
    const many: LabelMap = { ...source, voxels: new Uint8Array(120_000).map((_, index) => Number(index % 60 % 2 === 0 && Math.floor(index / 60) % 2 === 0 && Math.floor(index / 3000) % 2 === 0)) }; // prettier-ignore
    expect(() => lesionLabels([many], target, identityAffine)).toThrow(/more than 255/);
  });
});
