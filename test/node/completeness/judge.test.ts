import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SeriesEvidence } from '../../../src/model/evidence.js';
import { missingNumbers, sliceLayout } from '../../../src/node/completeness/evidence.js';
import { judgeCompleteness } from '../../../src/node/completeness/judge.js';

const rules = { timerSeconds: 60, settleSeconds: 2, minimumCoverageMm: 110, minimumSlices: 3 };
const axial = '1.000\\0.000\\0.000\\0.000\\1.000\\0.000';
const stack = (positions: number[], orientation: string | null = axial) =>
  sliceLayout(
    positions.map((normalPositionMm) => ({ orientation, normalPositionMm })),
    0.05,
  );
const millimetres = Array.from({ length: 160 }, (_, index) => index - 60);

/** A whole head, 160 slices of 1 mm, its association released at 10 s and its last slice there at 9 s. */
const evidence = (changes: Partial<SeriesEvidence> = {}): SeriesEvidence => ({
  instances: 160,
  frames: 160,
  multiFrame: false,
  expectedInstances: null,
  numbersMissing: 0,
  layout: stack(millimetres),
  lastInstanceAt: 9_000,
  associationReleasedAt: 10_000,
  ...changes,
});
const at = (now: number, changes: Partial<SeriesEvidence> = {}) => {
  const { complete, by, nextLookAt } = judgeCompleteness(evidence(changes), now, rules);
  return { complete, by, nextLookAt };
};

describe('a series', () => {
  it('is complete with all evidence once it has settled', () => {
    expect(at(11_999)).toEqual({ complete: false, by: 'waiting', nextLookAt: 12_000 });
    expect(at(12_000)).toEqual({ complete: true, by: 'evidence', nextLookAt: null });
  });

  it.each<[string, Partial<SeriesEvidence>]>([
    ['an open association', { associationReleasedAt: null }],
    ['fewer images than announced', { expectedInstances: 192 }],
    ['a slice missing in its midst', { layout: stack(millimetres.filter((z) => z !== 7)) }],
    ['every second slice, by their numbers', { numbersMissing: 159 }],
    ['half a head', { layout: stack(millimetres.slice(0, 80)) }],
    ['two orientations', { layout: { ...stack(millimetres)!, orientations: 2 } }],
    ['neither places nor a number', { layout: stack(millimetres, null) }],
  ])('with %s waits for the timer, and then is complete', (_, changes) => {
    expect(at(68_999, changes)).toEqual({ complete: false, by: 'waiting', nextLookAt: 69_000 });
    expect(at(69_000, changes)).toEqual({ complete: true, by: 'timer', nextLookAt: null });
  });

  it('with as many images as announced, or with numbers that tell nothing, is not held back by them', () => {
    expect(at(12_000, { expectedInstances: 160, numbersMissing: 7 }).by).toBe('evidence');
    expect(at(12_000, { numbersMissing: null }).by).toBe('evidence');
  });

  it('with as many images as announced needs no positions; a multi-frame instance is complete in itself', () => {
    expect(at(12_000, { expectedInstances: 160, layout: null }).by).toBe('evidence');
    expect(at(12_000, { instances: 1, frames: 96, multiFrame: true, layout: null }).by).toBe('evidence');
    expect(at(12_000, { instances: 1, frames: 1, multiFrame: true, layout: null }).by).toBe('waiting');
  });

  it('keeps its findings in words', () => {
    const { findings } = judgeCompleteness(evidence({ expectedInstances: 192 }), 12_000, rules);
    expect(findings).toEqual([
      'the association was released',
      'only 160 of 192 announced images have arrived',
      '160 slices, evenly spaced, no gap',
      'they cover 160 mm',
    ]);
  });

  it('is always complete when the timer has expired, and until then says when to look again', () => {
    const anyEvidence = fc.record({
      instances: fc.nat(300),
      frames: fc.nat(300),
      multiFrame: fc.boolean(),
      expectedInstances: fc.option(fc.nat(300)),
      numbersMissing: fc.option(fc.nat(2)),
      layout: fc.option(fc.constantFrom(stack(millimetres)!, stack([0, 1, 3])!)),
      lastInstanceAt: fc.nat(100_000),
      associationReleasedAt: fc.option(fc.nat(100_000)),
    });
    fc.assert(
      fc.property(anyEvidence, fc.nat(400_000), (given, now) => {
        const judgement = judgeCompleteness(given, now, rules);
        if (judgement.complete) expect(judgement.nextLookAt).toBeNull();
        else {
          expect(judgement.nextLookAt).toBeGreaterThan(now);
          expect(judgement.nextLookAt).toBeLessThanOrEqual(given.lastInstanceAt + 60_000);
        }
      }),
    );
  });
});

describe('the layout of slices', () => {
  it('does not depend on their order and tolerates rounding', () => {
    const uneven = millimetres.map((z, index) => z * 1.2 + (index % 2) * 0.01);
    expect(stack([...uneven].reverse())).toEqual(stack(uneven));
    expect(stack(uneven)).toMatchObject({ gaps: 0, positions: 160 });
  });

  it('counts repeated positions once', () => {
    expect(stack([0, 0, 1, 1, 2])).toMatchObject({ positions: 3, gaps: 0, coverageMm: 3 });
  });
});

describe('missing numbers', () => {
  it.each<[(number | null)[], number | null]>([
    [[3, 1, 2], 0],
    [[191, 1, 3], 188],
    [[1, 2, 2], null],
    [[1, null], null],
    [[], null],
  ])('of %j: %j', (numbers, missing) => {
    expect(missingNumbers(numbers)).toBe(missing);
  });
});
