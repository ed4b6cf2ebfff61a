import fc from 'fast-check';
import { expect, it } from 'vitest';
import { distanceFrom } from '../../src/phantom/distance.js';

it('measures how far each voxel lies from a set, in thirds of a voxel', () => {
  const shape = [17, 15, 13] as const;
  const inner = fc.tuple(
    fc.integer({ min: 1, max: 15 }),
    fc.integer({ min: 1, max: 13 }),
    fc.integer({ min: 1, max: 11 }),
  );
  fc.assert(
    fc.property(fc.array(inner, { minLength: 1, maxLength: 5 }), inner, (set, [i, j, k]) => {
      const indexOf = ([x, y, z]: readonly number[]) => x + shape[0] * (y + shape[1] * z);
      const members = new Set(set.map(indexOf));
      const measured = distanceFrom((index) => members.has(index), shape)[indexOf([i, j, k])] / 3;
      const exact = Math.min(...set.map(([x, y, z]) => Math.hypot(x - i, y - j, z - k)));
      expect(measured).toBeGreaterThanOrEqual(0.92 * exact - 1e-9);
      expect(measured).toBeLessThanOrEqual(1.12 * exact + 1e-9);
    }),
  );
});
