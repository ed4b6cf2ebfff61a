import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { responseCriteriaSchema } from '../../../src/model/criteria.js';
import type { Immunotherapy } from '../../../src/model/response.js';
import type { LedgerSighting, LedgerTimePoint } from '../../../src/analysis/respond/ledger.js';
import { assessResponse } from '../../../src/analysis/respond/rano-bm.js';

const path = resolve(import.meta.dirname, '../../../mappings/response-criteria.yaml');
const criteria = loadMapping(path, responseCriteriaSchema).response;
const dayMs = 86_400_000;

/** A lesion by name and long axis: as wide as it is long, on many slices, confirmed, seen before unless said otherwise. */
const seen = (name: string, longAxisMm: number, other: Partial<LedgerSighting> = {}): LedgerSighting => ({
  trackingUID: `2.25.${name}`,
  trackingID: name,
  confidence: 'confirmed',
  change: 'stable',
  longAxisMm,
  shortAxisMm: longAxisMm,
  axialSlices: 9,
  splitFrom: null,
  ...other,
});
const fresh = (name: string, longAxisMm: number, other: Partial<LedgerSighting> = {}) =>
  seen(name, longAxisMm, { change: 'new', ...other });
const identity = (name: string) => ({ trackingUID: `2.25.${name}`, trackingID: name });

/** Time points six weeks apart; a scan is its lesions, or a whole time point. */
type Scan = readonly LedgerSighting[] | Partial<LedgerTimePoint>;
const course = (...scans: Scan[]): LedgerTimePoint[] =>
  scans.map((scan, index) => ({
    order: index + 1,
    acquiredAt: index * 42 * dayMs,
    followed: index > 0,
    gone: [],
    ...(Array.isArray(scan) ? { lesions: scan as LedgerSighting[] } : { lesions: [], ...scan }),
  }));
const assess = (timePoints: readonly LedgerTimePoint[], immunotherapy: Immunotherapy = 'no') =>
  assessResponse(timePoints, criteria, immunotherapy);

describe('the baseline', () => {
  test('chooses the five largest measurable lesions as targets, ties broken by tracking UID; the rest are non-targets', () => {
    const { overall, targets, nonTargets, newLesions } = assess(
      course([
        seen('a', 12), seen('b', 31), seen('d', 14), seen('c', 14), seen('e', 10), seen('f', 11), seen('g', 9.9),
        seen('thin', 25, { shortAxisMm: 4.9 }), seen('flat', 25, { axialSlices: 1 }),
        seen('doubtful', 25, { confidence: 'candidate' }),
      ]),
    ); // prettier-ignore
    expect(overall).toBe('baseline');
    expect(targets.lesions.map(({ trackingID }) => trackingID)).toEqual(['b', 'c', 'd', 'a', 'f']);
    expect(targets).toMatchObject({ category: 'baseline', sumMm: 82, baselineSumMm: 82, nadirSumMm: 82 });
    expect(nonTargets.lesions.map(({ trackingID }) => trackingID)).toEqual(['e', 'flat', 'g', 'thin']);
    expect(newLesions).toEqual([]);
  });

  test('counts a lesion of exactly 10 × 5 mm on two slices as measurable', () => {
    const { targets } = assess(course([seen('a', 10, { shortAxisMm: 5, axialSlices: 2 })]));
    expect(targets.lesions).toHaveLength(1);
  });
});

describe('target lesions (Lin 2015): sums of longest diameters', () => {
  const two = [seen('a', 30), seen('b', 20)];

  test('PR: the sum is down by 30 % from baseline, unconfirmed until it has lasted four weeks', () => {
    const first = course(two, [seen('a', 20), seen('b', 15)]);
    expect(assess(first)).toMatchObject({ overall: 'PR', confirmed: false, sustainedDays: 0 });
    expect(assess(first).targets).toMatchObject({ category: 'PR', baselineSumMm: 50, nadirSumMm: 50, sumMm: 35 });
    const second = course(two, [seen('a', 20), seen('b', 15)], [seen('a', 20), seen('b', 14)]);
    expect(assess(second)).toMatchObject({ overall: 'PR', confirmed: true, sustainedDays: 42 });
  });

  test('SD: the sum is down by less than 30 % from baseline', () => {
    expect(assess(course(two, [seen('a', 20.1), seen('b', 15)])).overall).toBe('SD');
  });

  test('confirmation takes 28 calendar days, not 27', () => {
    const at = (days: number) => {
      const [a, b, c] = course(two, [seen('a', 10)], [seen('a', 10)]);
      return assess([a, b, { ...c, acquiredAt: b.acquiredAt + days * dayMs }]).confirmed;
    };
    expect([at(27), at(27.9), at(28)]).toEqual([false, true, true]);
  });

  test('PD: the sum is up by 20 % from nadir, not from baseline', () => {
    const result = assess(course(two, [seen('a', 15), seen('b', 10)], [seen('a', 20), seen('b', 10)]));
    expect(result).toMatchObject({ overall: 'PD', confirmed: false, sustainedDays: null });
    expect(result.targets).toMatchObject({ category: 'PD', nadirSumMm: 25, nadirOrder: 2, sumMm: 30 });
    expect(result.targets.lesions[0]).toMatchObject({ baselineMm: 30, nadirMm: 15, longAxisMm: 20 });
  });

  test('no PD if the sum is up by 20 % but no lesion by 5 mm', () => {
    const small = [seen('a', 10), seen('b', 10)];
    expect(assess(course(small, [seen('a', 12.4), seen('b', 12.4)])).overall).toBe('SD');
    expect(assess(course(small, [seen('a', 15), seen('b', 10)])).overall).toBe('PD');
  });

  test('no PD if one lesion is up by 5 mm but the sum by less than 20 %', () => {
    expect(assess(course([seen('a', 40), seen('b', 20)], [seen('a', 40), seen('b', 25)])).overall).toBe('SD');
  });

  test('CR: all have resolved; a lesion that is visualised counts at least 5 mm', () => {
    const gone = assess(course(two, [], []));
    expect(gone).toMatchObject({ overall: 'CR', confirmed: true, sustainedDays: 42 });
    const faint = assess(course(two, [seen('a', 2)]));
    expect(faint).toMatchObject({ overall: 'PR', targets: { category: 'PR', sumMm: 5 } });
    // It counts 5 mm, and was measured with 2.
    expect(faint.targets.lesions[0]).toMatchObject({ baselineMm: 30, longAxisMm: 2 });
  });

  test('a PR does not sustain a CR, and an NE in between does not interrupt it', () => {
    const unseen: Scan = { gone: [{ ...identity('b'), status: 'outside the field of view', mergedInto: null }] };
    expect(assess(course(two, unseen)).overall).toBe('NE');
    expect(assess(course(two, [seen('a', 9)], []))).toMatchObject({ overall: 'CR', confirmed: false });
    expect(assess(course(two, [], unseen, []))).toMatchObject({ overall: 'CR', sustainedDays: 84 });
  });

  test('a target that comes back is progression when it measures 5 mm, not because it counts them', () => {
    const back = (mm: number) => assess(course(two, [], [seen('a', mm)]));
    expect(back(3)).toMatchObject({ overall: 'PR', targets: { nadirSumMm: 0, sumMm: 5 } });
    expect(back(5)).toMatchObject({ overall: 'PD', targets: { nadirSumMm: 0, sumMm: 5 } });
    // From a voxel to 9 mm: it has grown by 4 mm at least, since a voxel counts 5.
    expect(assess(course(two, [seen('a', 1)], [seen('a', 9)])).overall).toBe('PR');
    expect(assess(course(two, [seen('a', 1)], [seen('a', 10)])).overall).toBe('PD');
  });

  test('targets that merge count one length; a target that splits counts the sum of its parts', () => {
    const merged: Scan = {
      lesions: [seen('a', 45)],
      gone: [{ ...identity('b'), status: 'merged', mergedInto: identity('a') }],
    };
    expect(assess(course(two, merged)).targets).toMatchObject({ sumMm: 45, category: 'SD' });
    const split = [seen('a', 14), fresh('part', 12, { splitFrom: identity('a') }), seen('b', 20)];
    const result = assess(course(two, split, split));
    expect(result).toMatchObject({ overall: 'SD', newLesions: [], targets: { sumMm: 46 } });
  });

  test('progression is found even if another target is outside the field of view', () => {
    const gone = [{ ...identity('b'), status: 'outside the field of view', mergedInto: null } as const];
    expect(assess(course(two, { lesions: [seen('a', 61)], gone })).overall).toBe('PD');
    const result = assess(course(two, { lesions: [seen('a', 30)], gone }));
    expect(result).toMatchObject({ overall: 'NE', notEvaluable: 'incomplete coverage' });
    expect(result.targets.lesions.map(({ longAxisMm }) => longAxisMm)).toEqual([30, null]);
  });
});

describe('non-target lesions', () => {
  const start = [seen('t', 20), seen('n', 6)];

  test('keep a complete response of the targets partial if they persist', () => {
    const result = assess(course(start, [seen('n', 5)]));
    expect(result).toMatchObject({
      overall: 'PR',
      targets: { category: 'CR' },
      nonTargets: { category: 'non-CR/non-PD' },
    });
    expect(assess(course(start, []))).toMatchObject({ overall: 'CR', nonTargets: { category: 'CR' } });
  });

  test('are progression if they grow unequivocally, whatever the targets do', () => {
    expect(assess(course(start, [seen('t', 10), seen('n', 11)]))).toMatchObject({
      overall: 'PD',
      targets: { category: 'PR' },
      nonTargets: { category: 'PD', progressing: ['2.25.n'] },
    });
    // 5 mm more, but still too small to be measured reliably.
    expect(assess(course([seen('t', 20), seen('n', 2)], [seen('t', 20), seen('n', 9)])).overall).toBe('SD');
  });

  test('alone give neither PR nor SD', () => {
    const tiny = [seen('n', 6)];
    expect(assess(course(tiny, [seen('n', 5)]))).toMatchObject({
      overall: 'non-CR/non-PD',
      targets: { category: 'none' },
    });
    expect(assess(course(tiny, [])).overall).toBe('CR');
  });
});

describe('new lesions', () => {
  const start = [seen('a', 20)];
  const withNew = course(start, [seen('a', 10), fresh('x', 6)]);

  test('are progression, but not by themselves under immunotherapy; if the therapy is unknown, both are said', () => {
    expect(assess(withNew, 'no')).toMatchObject({ overall: 'PD', underImmunotherapy: null });
    expect(assess(withNew, 'yes')).toMatchObject({ overall: 'SD', underImmunotherapy: null });
    expect(assess(withNew, 'unknown')).toMatchObject({ overall: 'PD', underImmunotherapy: 'SD' });
    expect(assess(withNew).newLesions).toMatchObject([{ trackingID: 'x', longAxisMm: 6, firstSeen: 2 }]);
    // With growing targets it is progression either way.
    const both = course(start, [seen('a', 30), fresh('x', 6)]);
    expect(assess(both, 'unknown')).toMatchObject({ overall: 'PD', underImmunotherapy: null });
  });

  test('do not include a candidate; once confirmed, it is new since it was first seen', () => {
    const doubtful = fresh('x', 6, { confidence: 'candidate' });
    expect(assess(course(start, [seen('a', 20), doubtful]))).toMatchObject({ overall: 'SD', newLesions: [] });
    const later = course(start, [seen('a', 20), doubtful], [seen('a', 20), seen('x', 7)]);
    expect(assess(later)).toMatchObject({ overall: 'PD', newLesions: [{ trackingID: 'x', firstSeen: 2 }] });
  });

  test('do not include a candidate at baseline that is confirmed later', () => {
    const timePoints = course([seen('a', 20), seen('x', 25, { confidence: 'candidate' })], [seen('a', 20), seen('x', 25)]); // prettier-ignore
    expect(assess(timePoints)).toMatchObject({
      overall: 'SD',
      newLesions: [],
      targets: { lesions: [{ trackingID: 'a' }] },
      nonTargets: { lesions: [{ trackingID: 'x', baselineMm: 25 }] },
    });
  });

  test('do not include a lesion where nobody has looked before', () => {
    const late = seen('x', 12, { change: 'baseline' });
    expect(assess(course(start, [seen('a', 20), late]))).toMatchObject({ overall: 'SD', newLesions: [] });
  });

  describe('below 5 mm or on a single slice are equivocal (Lin 2015)', () => {
    const tiny = fresh('x', 4.9, { change: 'equivocal' });
    const flat = fresh('x', 9, { change: 'equivocal', axialSlices: 1 });

    test.each([tiny, flat])('no progression, to be confirmed: $longAxisMm mm on $axialSlices slices', (lesion) => {
      const result = assess(course(start, [seen('a', 20), lesion]));
      expect(result).toMatchObject({ overall: 'SD', newLesions: [], datedBackTo: null });
      expect(result.equivocalLesions).toMatchObject([{ trackingID: 'x', longAxisMm: lesion.longAxisMm, firstSeen: 2 }]);
    });

    test('once they are larger it is progression, dated back to their first sight', () => {
      const later = course(start, [seen('a', 20), tiny], [seen('a', 20), seen('x', 4)], [seen('a', 20), seen('x', 5)]);
      expect(assess(later.slice(0, 3))).toMatchObject({ overall: 'SD', equivocalLesions: [{ longAxisMm: 4 }] });
      expect(assess(later)).toMatchObject({ overall: 'PD', equivocalLesions: [], datedBackTo: 2 });
      expect(assess(later).newLesions).toMatchObject([{ trackingID: 'x', longAxisMm: 5, firstSeen: 2 }]);
      // Under immunotherapy a new lesion is no progression, so there is nothing to date.
      expect(assess(later, 'yes')).toMatchObject({ overall: 'SD', datedBackTo: null });
    });

    test('what is large at once dates progression from its own time point', () => {
      expect(assess(withNew)).toMatchObject({ overall: 'PD', datedBackTo: null });
      expect(assess([...withNew, ...course(start, start, [seen('a', 10), seen('x', 6)]).slice(2)]).datedBackTo).toBe(2);
    });

    test('they leave no room for a complete response, and what has resolved again does', () => {
      expect(assess(course(start, [tiny]))).toMatchObject({ overall: 'PR', targets: { category: 'CR' } });
      expect(assess(course(start, [tiny], []))).toMatchObject({ overall: 'CR', equivocalLesions: [] });
      expect(assess(course([], [tiny])).overall).toBe('non-CR/non-PD');
      expect(assess(course([seen('n', 6)], [tiny])).overall).toBe('non-CR/non-PD');
    });
  });

  test('are progression after a baseline without any lesion', () => {
    expect(assess(course([], []))).toMatchObject({ overall: 'NE', notEvaluable: 'no lesion' });
    expect(assess(course([], [fresh('x', 6)])).overall).toBe('PD');
  });
});

describe('without a usable prior', () => {
  const unread: Scan = { lesions: [seen('a', 30, { change: 'unclear' }), seen('b', 9, { change: 'unclear' })], followed: false }; // prettier-ignore

  test('nothing can be judged', () => {
    const broken = assess(course([seen('a', 20)], unread));
    expect(broken).toMatchObject({ overall: 'NE', notEvaluable: 'no usable prior', newLesions: [] });
    expect(broken.targets).toMatchObject({ category: 'NE', lesions: [{ trackingID: 'a', longAxisMm: null }] });
  });

  test('the ledger continues: the baseline stands, and what was not compared is neither nadir nor new', () => {
    const { overall, targets, nonTargets, newLesions } = assess(
      course([seen('a', 20)], { ...unread, lesions: [] }, [seen('a', 13), seen('b', 9)]),
    );
    expect(overall).toBe('PR');
    expect(targets).toMatchObject({ baselineSumMm: 20, nadirSumMm: 20, nadirOrder: 1, sumMm: 13 });
    expect(nonTargets.lesions).toMatchObject([{ trackingID: 'b', baselineMm: null }]);
    expect(newLesions).toEqual([]);
  });
});

describe('properties of the response', () => {
  const lengths = fc.array(fc.integer({ min: 10, max: 60 }), { minLength: 1, maxLength: 7 });
  const named = (values: readonly number[]) => values.map((mm, index) => seen(`l${index}`, mm));
  /** Time points over the same lesions, each present (with a length) or gone. */
  const courses = lengths.chain((first) =>
    fc
      .array(
        fc.tuple(...first.map(() => fc.option(fc.integer({ min: 1, max: 80 }), { nil: null }))),
        { minLength: 1, maxLength: 4 },
      )
      .map((later) =>
        course(
          named(first),
          ...later.map((row) => row.flatMap((mm, index) => (mm === null ? [] : [seen(`l${index}`, mm)]))),
        ),
      ),
  ); // prettier-ignore
  const rank = { CR: 0, PR: 1, SD: 2, PD: 3 } as Record<string, number>;

  test('the larger the targets now, the worse the verdict', () => {
    fc.assert(
      fc.property(courses, fc.double({ min: 1, max: 3, noNaN: true }), (timePoints, factor) => {
        const last = timePoints.at(-1)!;
        const scaled = last.lesions.map((lesion) => ({ ...lesion, longAxisMm: lesion.longAxisMm * factor }));
        const before = assess(timePoints).targets.category;
        const after = assess([...timePoints.slice(0, -1), { ...last, lesions: scaled }]).targets.category;
        expect(rank[after]).toBeGreaterThanOrEqual(rank[before]);
      }),
    );
  });

  test('the order in which a time point lists its lesions does not matter', () => {
    fc.assert(
      fc.property(courses, (timePoints) => {
        const reversed = timePoints.map((timePoint) => ({ ...timePoint, lesions: [...timePoint.lesions].reverse() }));
        expect(assess(reversed)).toEqual(assess(timePoints));
      }),
    );
  });

  test('lesions that are candidates at every time point change nothing', () => {
    const doubtful = fc.array(
      fc.record({
        name: fc.constantFrom('x', 'y', 'z'),
        mm: fc.integer({ min: 1, max: 90 }),
        at: fc.nat(4),
        change: fc.constantFrom('new' as const, 'stable' as const, 'unclear' as const),
        ofTarget: fc.boolean(),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(courses, doubtful, fc.constantFrom<Immunotherapy>('yes', 'no', 'unknown'), (timePoints, more, drug) => {
        const crowded = timePoints.map((timePoint, index) => ({
          ...timePoint,
          lesions: [
            ...timePoint.lesions,
            ...more
              .filter(({ at }) => at === index)
              .map(({ name, mm, change, ofTarget }) =>
                seen(name, mm, { change, confidence: 'candidate', splitFrom: ofTarget ? identity('l0') : null }),
              ),
          ],
        }));
        expect(assess(crowded, drug)).toEqual(assess(timePoints, drug));
      }),
    ); // prettier-ignore
  });

  test('lesions that are equivocal at every time point never make a progression, nor hide one', () => {
    const specks = fc.array(
      fc.record({
        name: fc.constantFrom('x', 'y', 'z'),
        mm: fc.double({ min: 0.5, max: 4.99, noNaN: true }),
        slices: fc.integer({ min: 1, max: 5 }),
        at: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(courses, specks, (timePoints, more) => {
        const seenBefore = new Set<string>();
        const specked = timePoints.map((timePoint, index) => ({
          ...timePoint,
          lesions: [
            ...timePoint.lesions,
            ...more
              .filter(
                ({ name, at }, which) =>
                  at === index && more.findIndex((one) => one.name === name && one.at === at) === which,
              )
              .map(({ name, mm, slices }) => {
                const change = seenBefore.has(name) ? ('stable' as const) : ('equivocal' as const);
                seenBefore.add(name);
                return seen(name, mm, { change, axialSlices: slices });
              }),
          ],
        }));
        const [without, withThem] = [assess(timePoints), assess(specked)];
        expect(withThem.overall === 'PD').toBe(without.overall === 'PD');
        expect(withThem.newLesions).toEqual([]);
      }),
    );
  });

  test('targets are chosen once: every later time point has those of the baseline', () => {
    fc.assert(
      fc.property(courses, (timePoints) => {
        const chosen = (count: number) =>
          assess(timePoints.slice(0, count)).targets.lesions.map(({ trackingUID }) => trackingUID);
        for (let count = 2; count <= timePoints.length; count++) expect(chosen(count)).toEqual(chosen(1));
        expect(chosen(1).length).toBeLessThanOrEqual(5);
      }),
    );
  });

  test('the nadir is the smallest earlier sum, and never above the baseline', () => {
    fc.assert(
      fc.property(courses, (timePoints) => {
        const sums = timePoints.map((_, index) => assess(timePoints.slice(0, index + 1)).targets.sumMm);
        const { nadirSumMm } = assess(timePoints).targets;
        expect(nadirSumMm).toBe(Math.min(...sums.slice(0, -1)));
      }),
    );
  });
});
