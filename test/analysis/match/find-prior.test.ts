import fc from 'fast-check';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { earlierStudies, explainPrior, findPrior, studiesAffectedBy } from '../../../src/analysis/match/find-prior.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { priorMatchingSchema } from '../../../src/analysis/match/find-prior.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { addSeries, day, temporaryFolder } from '../../store/temporary-store.js';

const rules = { maximumAgeDays: 365, minimumIntervalHours: 12 };
let store: Store;
beforeEach(() => (store = openStore(':memory:')));
afterEach(() => store.close());

const at = (days: number, more: Partial<Parameters<typeof addSeries>[1]> = {}) =>
  addSeries(store, { study: `1.2.${Math.round(days * 10)}`, acquiredAt: days * day, ...more });
const priorOf = (current: ReturnType<typeof at>) => findPrior(store, current, rules)?.StudyInstanceUID;

describe('the prior', () => {
  it('is the latest earlier study of the same patient, whatever the order of arrival', () => {
    at(100);
    at(500);
    at(300);
    at(390, { PatientID: 'P2' });
    expect(priorOf(at(400))).toBe('1.2.3000');
  });

  it('is never the study itself, nor one acquired at the same time or later', () => {
    const current = at(400);
    addSeries(store, { study: '1.2.4000', SeriesInstanceUID: '1.2.4000.2', acquiredAt: 399 * day });
    at(400, { study: '1.2.8', acquiredAt: 400 * day });
    at(401);
    expect(priorOf(current)).toBeUndefined();
  });

  it('must be assembled and not on hold', () => {
    at(100);
    at(200, { state: 'refused' });
    at(210, { state: 'complete' });
    at(220);
    store.holds.add('1.2.2200', [{ code: 'IDENTITY_CONTRADICTION', attribute: 'PatientSex' }], 1);
    const current = at(300);
    expect(priorOf(current)).toBe('1.2.1000');
    const explained = explainPrior(store, current, rules);
    expect(explained.map(({ StudyInstanceUID, verdict }) => [StudyInstanceUID, verdict])).toEqual([
      ['1.2.1000', 'prior'],
      ['1.2.2000', 'not assembled'],
      ['1.2.2100', 'not assembled'],
      ['1.2.2200', 'on hold'],
    ]);
    expect(explained.at(-1)!.reason).toBe('on hold: PatientSex contradicts what is known');
    store.holds.accept('1.2.2200', { acceptedAt: 2, acceptedBy: 'Dr Roe', comment: null });
    expect(priorOf(current)).toBe('1.2.2200');
  });

  it('is missing for a reason: ineligible earlier studies are counted, later ones are not', () => {
    const current = at(400);
    expect(earlierStudies(store, current)).toBe(0);
    at(100, { state: 'refused' });
    at(399.8);
    at(500);
    at(0, { study: '1.2.9', acquiredAt: null });
    at(300, { PatientID: 'P2' });
    expect(priorOf(current)).toBeUndefined();
    expect(earlierStudies(store, current)).toBe(3);
  });

  it('lies within the limits', () => {
    at(10);
    at(399.8);
    const current = at(400);
    expect(priorOf(current)).toBeUndefined();
    expect(explainPrior(store, current, rules).map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['too old', 'more than 365 days earlier'],
      ['too recent', 'less than 12 hours earlier'],
    ]);
    at(399.5, { study: '1.2.7' });
    expect(priorOf(current)).toBe('1.2.7');
  });

  it('does not exist for a study without an acquisition time', () => {
    at(100);
    expect(priorOf(addSeries(store, { study: '1.2.5', acquiredAt: null }))).toBeUndefined();
  });

  it('is what a search through all studies would find', () => {
    const studies = fc.uniqueArray(
      fc.record({
        hours: fc.integer({ min: 0, max: 24 * 400 }),
        patient: fc.integer({ min: 0, max: 1 }),
        held: fc.boolean(),
      }),
      { selector: ({ hours }) => hours, minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(studies, (given) => {
        const fresh = openStore(':memory:');
        const rows = given.map(({ hours, patient, held }, index) => {
          const acquiredAt = 1000 * day + (hours * day) / 24;
          const row = addSeries(fresh, { study: `1.3.${index}`, PatientID: `P${patient}`, acquiredAt });
          if (held) fresh.holds.add(row.StudyInstanceUID, [{ code: 'TIME_UNKNOWN', attribute: null }], 1);
          return { ...row, held };
        });
        for (const current of rows) {
          const eligible = rows
            .filter((other) => other.patientKey === current.patientKey && !other.held)
            .filter(({ acquiredAt }) => current.acquiredAt! - acquiredAt! >= (12 * day) / 24)
            .filter(({ acquiredAt }) => current.acquiredAt! - acquiredAt! <= 365 * day)
            .sort((a, b) => b.acquiredAt! - a.acquiredAt!);
          expect(findPrior(fresh, current, rules)?.StudyInstanceUID).toBe(eligible[0]?.StudyInstanceUID);
        }
        fresh.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('a late study', () => {
  it('affects the next study, and no later one', () => {
    at(100);
    at(300);
    at(400);
    const late = at(200);
    expect(studiesAffectedBy(store, late, rules).map(({ StudyInstanceUID }) => StudyInstanceUID)).toEqual(['1.2.3000']);
  });

  it('affects a study further on if the next one is too close in time to use it', () => {
    at(200.2);
    at(300);
    const late = at(200);
    expect(studiesAffectedBy(store, late, rules)).toEqual([]);
    store.series.setState('1.2.2002.1', 'refused');
    expect(studiesAffectedBy(store, late, rules).map(({ StudyInstanceUID }) => StudyInstanceUID)).toEqual(['1.2.3000']);
  });

  it('affects nothing if it is the latest, or too old', () => {
    at(500);
    expect(studiesAffectedBy(store, at(100), rules)).toEqual([]);
    expect(studiesAffectedBy(store, at(600), rules)).toEqual([]);
  });
});

describe('mappings/prior-matching.yaml', () => {
  it('is valid as shipped', () => {
    expect(
      loadMapping(resolve(import.meta.dirname, '../../../mappings/prior-matching.yaml'), priorMatchingSchema),
    ).toEqual({
      maximumAgeDays: 730,
      minimumIntervalHours: 12,
    });
  });

  it('is refused with the name of the invalid setting', async () => {
    const { writeFile } = await import('node:fs/promises');
    const folder = temporaryFolder();
    await writeFile(`${folder}/prior-matching.yaml`, 'maximumAgeDay: 3\nminimumIntervalHours: 12\n');
    expect(() => loadMapping(`${folder}/prior-matching.yaml`, priorMatchingSchema)).toThrow(
      /unknown option "maximumAgeDay"/,
    );
  });
});
