import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaseResult } from '../../src/model/case-result.js';
import type { CompletenessVerdict } from '../../src/model/evidence.js';
import type { LesionDetail } from '../../src/model/lesion.js';
import type { SeriesSelection } from '../../src/model/selection.js';
import { openStore, type LesionRow, type Store } from '../../src/store/store.js';
import { openDatabase } from '../../src/store/database.js';
import { migrate, shippedMigrations } from '../../src/store/migrate.js';
import { priorsSQL } from '../../src/store/series.js';
import { caseResult, lesionRow } from './case-result.js';
import { addSeries, day, temporaryFolder, temporaryStore } from './temporary-store.js';

let store: Store & { path: string };
beforeEach(() => (store = temporaryStore()));
afterEach(() => store.close());

const input = (fingerprint: string, study = '1.2.1') => ({
  StudyInstanceUID: study,
  SeriesInstanceUID: `${study}.1`,
  priorCaseKey: null,
  priorSeriesInstanceUID: null,
  fingerprint,
});
const lesion = lesionRow({ mergedFrom: [{ trackingUID: '2.25.2', trackingID: 'Lesion 2' }] });
const reported = (...lesions: LesionRow[]) => ({ status: 'reported', result: caseResult(), lesions }) as const;

describe('patients', () => {
  const identity = { IssuerOfPatientID: 'A', PatientID: '7' };
  const empty = { ...identity, PatientName: '', PatientBirthDate: '', PatientSex: '' };

  it('are told apart by their issuer', () => {
    const a = store.patients.remember(empty);
    const b = store.patients.remember({ ...empty, IssuerOfPatientID: 'B' });
    expect(a.patientKey).not.toBe(b.patientKey);
  });

  it('keep what was first seen; only an empty value is filled in', () => {
    store.patients.remember({ ...empty, PatientSex: 'F' });
    store.patients.remember({ ...empty, PatientBirthDate: '19600101', PatientSex: 'M' });
    expect(store.patients.find(identity)).toMatchObject({ PatientBirthDate: '19600101', PatientSex: 'F' });
  });
});

describe('cases', () => {
  it('with the same inputs are one case', () => {
    addSeries(store, { study: '1.2.1' });
    const first = store.cases.open(input('a'), 1);
    expect(first.created).toBe(true);
    store.cases.finish(first.case.caseKey, reported(lesion), 2);
    const again = store.cases.open(input('a'), 3);
    expect(again.created).toBe(false);
    expect(again.case).toMatchObject({ caseKey: first.case.caseKey, status: 'reported', result: caseResult() });
    expect(store.lesions.ofCase(first.case.caseKey)).toEqual([lesion]);
  });

  it('with other inputs supersede the latest reported one', () => {
    addSeries(store, { study: '1.2.1' });
    const first = store.cases.open(input('a'), 1).case;
    store.cases.finish(first.caseKey, reported(), 2);
    const failed = store.cases.open(input('b'), 3).case;
    store.cases.finish(failed.caseKey, { status: 'failed', code: 'CHILD_DIED', reason: 'killed' }, 4);
    const third = store.cases.open(input('c'), 5);
    expect(third.case).toMatchObject({ status: 'pending', supersededCaseKey: first.caseKey });
    expect(store.cases.list().map(({ caseKey }) => caseKey)).toEqual([third.case.caseKey]);
  });

  it('remember their prior, and come in the order of acquisition', () => {
    addSeries(store, { study: '1.2.1' });
    addSeries(store, { study: '1.2.2', acquiredAt: 200 * day });
    const prior = store.cases.open(input('a'), 1).case;
    const next = store.cases.open(
      { ...input('b', '1.2.2'), priorCaseKey: prior.caseKey, priorSeriesInstanceUID: '1.2.1.1' },
      2,
    ).case;
    expect(next).toMatchObject({ priorStudyInstanceUID: '1.2.1', priorSeriesInstanceUID: '1.2.1.1' });
    expect(store.cases.ofPatient(next.patientKey).map(({ caseKey }) => caseKey)).toEqual([prior.caseKey, next.caseKey]);
  });

  it('that are finished twice keep the second result, once', () => {
    addSeries(store, { study: '1.2.1' });
    const { caseKey } = store.cases.open(input('a'), 1).case;
    store.cases.finish(caseKey, reported(lesion), 2);
    store.cases.finish(caseKey, reported(lesion, { ...lesion, number: 2 }), 3);
    expect(store.lesions.ofCase(caseKey).map(({ number }) => number)).toEqual([1, 2]);
  });
});

describe('objects and deliveries', () => {
  beforeEach(() => {
    addSeries(store, { study: '1.2.1' });
    const { caseKey } = store.cases.open(input('a'), 1).case;
    store.objects.insert({
      SOPInstanceUID: '2.25.5',
      SOPClassUID: '1.2',
      SeriesInstanceUID: '2.25.6',
      kind: 'SEG',
      caseKey,
      path: 'x',
      sha256: new Uint8Array(32),
      predecessorSOPInstanceUID: null,
      createdAt: 1,
    });
  });

  it('are recognised by their instance or series', () => {
    expect(store.objects.isOurs({ SOPInstanceUID: '2.25.5', SeriesInstanceUID: '1' })).toBe(true);
    expect(store.objects.isOurs({ SOPInstanceUID: '1', SeriesInstanceUID: '2.25.6' })).toBe(true);
    expect(store.objects.isOurs({ SOPInstanceUID: '1', SeriesInstanceUID: '1' })).toBe(false);
  });

  it('go from pending to delivered or failed, and failed ones back', () => {
    const pair = { SOPInstanceUID: '2.25.5', destination: 'PACS' };
    store.deliveries.request({ ...pair, caseKey: 1 }, 1);
    store.deliveries.request({ ...pair, caseKey: 1 }, 2);
    expect(store.deliveries.pending('PACS')).toHaveLength(1);
    store.deliveries.note(pair, { state: 'failed', status: 0xa700, error: 'full' }, 3);
    expect(store.deliveries.pending('PACS')).toEqual([]);
    expect(store.deliveries.retry('OTHER')).toBe(0);
    expect(store.deliveries.retry('PACS')).toBe(1);
    store.deliveries.note(pair, { state: 'delivered', status: 0, error: null }, 4);
    expect(store.deliveries.find('2.25.5', 'PACS')).toMatchObject({ state: 'delivered', attempts: 2, deliveredAt: 4 });
  });
});

describe('several processes', () => {
  it('see each other’s commits, and a rolled-back transaction leaves nothing', () => {
    const other = openStore(store.path);
    addSeries(other, { study: '1.2.9' });
    expect(store.studies.find('1.2.9')?.PatientID).toBe('P1');
    expect(() =>
      store.transaction(() => {
        addSeries(store, { study: '1.2.10' });
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(other.studies.find('1.2.10')).toBeUndefined();
    other.close();
  });
});

describe('a transaction', () => {
  it('given an asynchronous function throws, and leaves nothing of what it did before it waited', () => {
    const work = async () => {
      addSeries(store, { study: '1.2.10' });
      await Promise.resolve();
      addSeries(store, { study: '1.2.11' });
    };
    expect(() => store.transaction(work)).toThrow(TypeError);
    expect(() => store.transaction(() => store.transaction(work))).toThrow(TypeError);
    expect(() => store.transaction(() => Promise.reject(new Error('swallowed')))).toThrow(TypeError);
    expect(store.studies.find('1.2.10')).toBeUndefined();
  });
});

describe('JSON columns', () => {
  const set = (column: string, text: string) => store.database.prepare(`UPDATE ${column} = :text`).run({ text });
  const damaged = (what: RegExp) =>
    expect.objectContaining({ code: 'DATABASE_DAMAGED', message: expect.stringMatching(what) as string }) as Error;

  it('give back what version 0.1.0 wrote, in the words of today', () => {
    const written = JSON.parse(readFileSync(join(import.meta.dirname, 'rows-0.1.0.json'), 'utf8')) as {
      readonly 'cases.result': CaseResult;
      readonly 'lesions.detail': LesionDetail;
      readonly 'series.completeness': CompletenessVerdict;
      readonly 'series.selection': SeriesSelection;
    };
    const path = join(temporaryFolder(), 'priora.sqlite');
    const old = openDatabase(path);
    const shippedWith010 = shippedMigrations().filter(({ version }) => version <= 6);
    migrate(old, 1, shippedWith010);
    for (const sql of [
      "INSERT INTO patients (IssuerOfPatientID, PatientID) VALUES ('A', 'P')",
      "INSERT INTO studies (StudyInstanceUID, patientKey, receivedAt) VALUES ('1.2.1', 1, 1)",
      `INSERT INTO series (SeriesInstanceUID, studyKey, patientKey, Modality, SeriesDescription, acquiredAt, acquiredAtSource,
         callingAETitle, origin, firstInstanceAt, lastInstanceAt, state, completeness, selection)
       VALUES ('1.2.1.1', 1, 1, 'MR', '', 1, 'StudyDate', '', 'received', 1, 1, 'assembled', :completeness, :selection)`,
      `INSERT INTO cases (studyKey, seriesKey, status, fingerprint, result, createdAt) VALUES (1, 1, 'reported', 'a', :result, 1)`,
      `INSERT INTO lesions (caseKey, number, trackingUID, trackingID, confidence, volumeMm3, longAxisMm, shortAxisMm,
         maximum3dDiameterMm, centroidXMm, centroidYMm, centroidZMm, probability, change, detail)
       VALUES (1, 1, '2.25.1', 'Lesion 1', 'confirmed', 1, 1, 1, 1, 0, 0, 0, 1, 'grown', :detail)`,
    ])
      old.prepare(sql).run({
        result: JSON.stringify(written['cases.result']),
        detail: JSON.stringify(written['lesions.detail']),
        completeness: JSON.stringify(written['series.completeness']),
        selection: JSON.stringify(written['series.selection']),
      });
    old.close();
    const read = openStore(path);
    const { gone, response, ...result } = read.cases.reported(1).result;
    const { gone: writtenGone, response: writtenResponse, ...rest } = written['cases.result'];
    expect(result).toEqual(rest);
    expect(gone.map(({ trackingID }) => trackingID)).toEqual(writtenGone.map(({ trackingID }) => trackingID));
    expect(response).toEqual({
      ...writtenResponse,
      targets: { ...writtenResponse.targets, leastCountedMm: 5 },
      nonTargets: { ...writtenResponse.nonTargets, progressing: [] },
      equivocalLesions: [],
      datedBackTo: null,
    });
    expect(gone.map(({ trackingID, status }) => [trackingID, status])).toEqual([
      ['Lesion 4', 'not visualised'],
      ['Lesion 5', 'merged'],
      ['Lesion 8', 'outside the field of view'],
    ]);
    expect(read.lesions.ofCase(1)).toMatchObject([{ change: 'grown', ...written['lesions.detail'] }]);
    expect(read.series.find('1.2.1.1')).toMatchObject({
      completeness: written['series.completeness'],
      selection: written['series.selection'],
    });
    read.close();
  });

  it('that hold something else are named, with the key', () => {
    addSeries(store, { study: '1.2.1' });
    const { caseKey } = store.cases.open(input('a'), 1).case;
    store.cases.finish(caseKey, reported(lesion), 2);
    set('cases SET result', JSON.stringify({ ...caseResult(), coverage: 'all' }));
    expect(() => store.cases.find(caseKey)).toThrow(damaged(/cases.result of case 1: coverage/));
    set('lesions SET detail', '{}');
    expect(() => store.lesions.ofCase(caseKey)).toThrow(damaged(/lesions.detail of Lesion 1: probabilities/));
    set('series SET selection', '[]');
    expect(() => store.series.find('1.2.1.1')).toThrow(damaged(/series.selection of 1.2.1.1/));
  });
});

describe('the prior lookup', () => {
  it('reads one range of one index, whatever the size of the table', () => {
    const plan = store.database
      .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${priorsSQL}`)
      .all({ patientKey: 1, before: 1, notBefore: 0, exceptStudyInstanceUID: '', limit: 1 })
      .map(({ detail }) => detail);
    expect(plan).toEqual([
      'SEARCH series USING INDEX seriesPriors (patientKey=? AND acquiredAt>? AND acquiredAt<?)',
      'CORRELATED SCALAR SUBQUERY 1',
      'SEARCH holds USING PRIMARY KEY (studyKey=?)',
      'SEARCH studies USING INTEGER PRIMARY KEY (rowid=?)',
    ]);
  });
});
