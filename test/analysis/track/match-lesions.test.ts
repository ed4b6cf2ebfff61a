import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { responseCriteriaSchema } from '../../../src/model/criteria.js';
import { rigidAffine } from '../../../src/phantom/rigid.js';
import { matchLesions } from '../../../src/analysis/track/match-lesions.js';
import { identityAffine, type Affine, type Vector3 } from '../../../src/imaging/affine.js';
import { spheres, type Sphere } from './spheres.js';

const criteria = loadMapping(
  join(import.meta.dirname, '../../../mappings/response-criteria.yaml'),
  responseCriteriaSchema,
);
const match = (current: readonly Sphere[], prior: readonly Sphere[], priorFromCurrent: Affine = identityAffine) =>
  matchLesions(spheres(current), spheres(prior), priorFromCurrent, criteria);
const shift = (translation: Vector3) => rigidAffine([0, 0, 0], translation);

describe('matchLesions', () => {
  test('1: matches every lesion with itself, whatever became of it', () => {
    const matches = match(
      [
        { center: [15, 0, 0], radiusMm: 3 },
        { center: [0, 0, 1], radiusMm: 4 },
        { center: [-15, 1, 0], radiusMm: 5 },
        { center: [0, -18, 0], radiusMm: 3 },
      ],
      [
        { center: [-15, 0, 0], radiusMm: 3 },
        { center: [0, 0, 0], radiusMm: 4 },
        { center: [15, 0, 0], radiusMm: 5 },
        { center: [0, 18, 0], radiusMm: 3 },
      ],
    );
    expect(matches.map(({ known }) => known?.trackingID ?? null)).toEqual(['T3', 'T2', 'T1', null]);
    expect(matches.every(({ mergedFrom, splitFrom }) => mergedFrom.length === 0 && splitFrom === null)).toBe(true);
  });

  test('2: uses the transform between the studies', () => {
    const [{ known }] = match(
      [{ center: [-15, 0, 0], radiusMm: 4 }],
      [{ center: [5, 0, 0], radiusMm: 4 }],
      shift([20, 0, 0]),
    );
    expect(known?.trackingID).toBe('T1');
  });

  test('3: keeps the identities of two neighbours under 2 mm of registration error', () => {
    const both: Sphere[] = [
      { center: [0, 0, 0], radiusMm: 3 },
      { center: [9, 0, 0], radiusMm: 3 },
    ];
    const angle = fc.double({ min: 0, max: 2 * Math.PI, noNaN: true });
    const height = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(angle, height, (phi, z) => {
        const r = Math.sqrt(1 - z * z);
        const error = shift([2 * r * Math.cos(phi), 2 * r * Math.sin(phi), 2 * z]);
        expect(match(both, both, error).map(({ known }) => known?.trackingID)).toEqual(['T1', 'T2']);
      }),
      { numRuns: 20 },
    );
  });

  test('4: does not give the identity of a lesion to specks next to it', () => {
    const [large, speck] = match(
      [
        { center: [0, 0, 2], radiusMm: 6.5 },
        { center: [0, 0, -6], radiusMm: 0.5 },
      ],
      [
        { center: [0, 0, 0], radiusMm: 7 },
        { center: [4, 0, 8], radiusMm: 0.5 },
      ],
    );
    expect(large.known?.trackingID).toBe('T1');
    expect(speck.known?.trackingID).not.toBe('T1');
  });

  test('5: joins two merged lesions under the one that shares most, merged from the other', () => {
    const [one] = match(
      [{ center: [0, 0, 0], radiusMm: 9 }],
      [
        { center: [-5, 0, 0], radiusMm: 3 },
        { center: [4, 0, 0], radiusMm: 4 },
      ],
    );
    expect(one.known?.trackingID).toBe('T2');
    expect(one.mergedFrom.map(({ trackingID }) => trackingID)).toEqual(['T1']);
  });

  test('6: gives the identity to the larger of two parts, the other having split from it', () => {
    const [small, large] = match(
      [
        { center: [-5, 0, 0], radiusMm: 3 },
        { center: [4, 0, 0], radiusMm: 4 },
      ],
      [{ center: [0, 0, 0], radiusMm: 9 }],
    );
    expect(large.known?.trackingID).toBe('T1');
    expect(small).toMatchObject({ known: null, splitFrom: { trackingID: 'T1' } });
  });

  test('7: gives every identity at most once, and invents none', () => {
    const coordinate = fc.integer({ min: -22, max: 22 });
    const sphere = fc.record({
      center: fc.tuple(coordinate, coordinate, coordinate),
      radiusMm: fc.integer({ min: 2, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(sphere, { maxLength: 5 }), fc.array(sphere, { maxLength: 5 }), (now, before) => {
        const given = match(now, before).flatMap(({ known, mergedFrom }) => [...(known ? [known] : []), ...mergedFrom]);
        expect(new Set(given).size).toBe(given.length);
        expect(given.every(({ number }) => number <= before.length)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
