import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeOf, volumeChange } from '../../src/model/change.js';
import { shippedCriteria } from '../../src/model/criteria.js';

const criteria = shippedCriteria();
const { minimumVolumeMm3: floor, minimumVolumeChangeMm3: noise } = criteria.change;
const since = (beforeMm3: number, nowMm3: number) =>
  volumeChange({ acquiredAt: 0, volumeMm3: beforeMm3 }, { acquiredAt: 42 * 86_400_000, volumeMm3: nowMm3 }, criteria);
const volume = fc.double({ min: 0.1, max: 20_000, noNaN: true });
const belowFloor = fc.double({ min: 0.1, max: floor - 0.1, noNaN: true });

describe('from below the measuring floor', () => {
  test('no percentage and no doubling time: a voxel that has become 87 has not grown by 8600 %', () => {
    expect(since(1, 87)).toMatchObject({
      category: 'grown',
      volumeBeforeMm3: 1,
      volumeChangeMm3: 86,
      volumeChangePercent: null,
      doublingTimeDays: null,
    });
  });

  test('a few voxels more or less are no change', () => {
    expect(since(1, floor + noise - 1).category).toBe('stable');
    expect(since(floor - 1, 1).category).toBe('stable');
  });

  test('what has grown has grown from the floor, too', () => {
    fc.assert(
      fc.property(belowFloor, volume, (before, now) => {
        expect(since(before, now)).toMatchObject({ volumeChangePercent: null, doublingTimeDays: null });
        expect(changeOf(now, before, criteria)).toBe(changeOf(now, floor, criteria));
        expect(changeOf(now, before, criteria)).not.toBe('shrunk');
      }),
    );
  });
});

describe('from the floor on', () => {
  test('percentage and doubling time agree with the volumes', () => {
    expect(since(100, 200)).toMatchObject({ category: 'grown', volumeChangePercent: 100, doublingTimeDays: 42 });
    expect(since(200, 100)).toMatchObject({ category: 'shrunk', volumeChangePercent: -50, doublingTimeDays: null });
  });

  test('the larger now, the more it has grown', () => {
    const rank = { shrunk: 0, stable: 1, grown: 2 };
    fc.assert(
      fc.property(volume, volume, volume, (before, now, more) => {
        expect(rank[changeOf(now + more, before, criteria)]).toBeGreaterThanOrEqual(
          rank[changeOf(now, before, criteria)],
        );
      }),
    );
  });
});
