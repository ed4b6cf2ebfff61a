import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyAffine,
  determinant,
  identityAffine,
  invertAffine,
  multiplyAffine,
  type Affine,
} from '../../src/imaging/affine.js';
import { patientFromVoxel, point, rigid } from './grids.js';

const near = (a: readonly number[], b: readonly number[]) =>
  a.forEach((value, index) => expect(value).toBeCloseTo(b[index], 6));

describe('affines', () => {
  it('applied one after the other are their product', () => {
    fc.assert(
      fc.property(rigid, patientFromVoxel, point, (a, b, at) =>
        near(applyAffine(multiplyAffine(a, b), at), applyAffine(a, applyAffine(b, at))),
      ),
    );
  });

  it('multiply associatively, and the identity changes nothing', () => {
    fc.assert(
      fc.property(rigid, patientFromVoxel, rigid, (a, b, c) => {
        near(multiplyAffine(multiplyAffine(a, b), c), multiplyAffine(a, multiplyAffine(b, c)));
        near(multiplyAffine(identityAffine, a), a);
        near(multiplyAffine(a, identityAffine), a);
      }),
    );
  });

  it('are undone by their inverse, from either side', () => {
    fc.assert(
      fc.property(patientFromVoxel, (a) => {
        near(multiplyAffine(a, invertAffine(a)), identityAffine);
        near(multiplyAffine(invertAffine(a), a), identityAffine);
      }),
    );
  });

  it('have determinants that multiply; a rigid one keeps volumes', () => {
    fc.assert(
      fc.property(rigid, patientFromVoxel, (a, b) => {
        expect(determinant(a)).toBeCloseTo(1, 9);
        expect(determinant(multiplyAffine(a, b))).toBeCloseTo(determinant(b), 6);
        expect(determinant(invertAffine(b)) * determinant(b)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('cannot be inverted where they flatten space', () => {
    const flat: Affine = [1, 0, 0, 5, 0, 1, 0, 5, 1, 1, 0, 5, 0, 0, 0, 1];
    expect(() => invertAffine(flat)).toThrow(RangeError);
  });
});
