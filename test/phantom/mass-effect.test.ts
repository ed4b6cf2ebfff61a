import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vector3 } from '../../src/imaging/affine.js';
import { sphereVolumeMm3 } from '../../src/phantom/lesion-history.js';
import { randomAppearance, type PlacedLesion } from '../../src/phantom/lesion.js';
import { afterPushes, beforePushes, pushesOf } from '../../src/phantom/mass-effect.js';
import { Random } from '../../src/phantom/random.js';

const appearance = { ...randomAppearance(new Random('pushing'), 20, { kind: 'solid' }), push: 0.6 };
const lesion = (centreMm: Vector3, diameterMm: number): PlacedLesion => ({
  ...appearance,
  id: 1,
  centreMm,
  volumeMm3: sphereVolumeMm3(diameterMm),
});
const lesions = [lesion([30, 10, 20], 24), lesion([-20, -30, 15], 14)];
const pushes = pushesOf(lesions);
const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe('what pushes tissue aside', () => {
  const mm = fc.double({ min: -80, max: 80, noNaN: true });
  const anywhere = fc.tuple(mm, mm, mm);

  it('moves it to where it can be brought back from', () => {
    fc.assert(
      fc.property(anywhere, (point) => {
        expect(distance(beforePushes(pushes, afterPushes(pushes, point)), point)).toBeLessThan(1e-6);
      }),
    );
  });

  it('moves what is near outwards, by millimetres, and hardly anything far away', () => {
    const [{ centreMm }] = lesions;
    const edge: Vector3 = [centreMm[0] + 12, centreMm[1], centreMm[2]];
    expect(distance(afterPushes(pushes, edge), centreMm)).toBeGreaterThan(13);
    expect(distance(afterPushes(pushes, edge), edge)).toBeLessThan(4);
    const opposite: Vector3 = [-70, 60, -40];
    expect(distance(afterPushes(pushes, opposite), opposite)).toBeLessThan(0.2);
  });

  it('is not a lesion that pushes nothing', () => {
    expect(pushesOf([{ ...lesions[0], push: 0 }])).toEqual([]);
  });
});
