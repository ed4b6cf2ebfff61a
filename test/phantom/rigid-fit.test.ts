import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyAffine, type Vector3 } from '../../src/imaging/affine.js';
import { rigidFit } from '../../src/phantom/rigid-fit.js';
import { rigidAffine } from '../../src/phantom/rigid.js';

it('finds the turn and the shift between two sets of points', () => {
  const points: Vector3[] = [
    [30, 0, 0],
    [-30, 4, 2],
    [0, 50, -10],
    [5, -60, 20],
    [1, 2, 45],
  ];
  const some = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(some(60), some(60), some(60)), fc.tuple(some(80), some(80), some(80)), (deg, mm) => {
      const truth = rigidAffine(deg, mm);
      const found = rigidFit(points.map((from) => ({ from, to: applyAffine(truth, from) })));
      for (const [index, value] of truth.entries()) expect(found[index]).toBeCloseTo(value, 6);
    }),
    { numRuns: 30 },
  );
});
