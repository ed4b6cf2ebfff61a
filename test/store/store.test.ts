import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/store.js';
import { priorsSQL } from '../../src/store/series.js';
import { addSeries, day, temporaryStore } from './temporary-store.js';

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
const lesion = {
  number: 1,
  trackingUID: '2.25.1',
  trackingID: 'Lesion 1',
  confidence: 'confirmed',
  volumeMm3: 120.5,
  longAxisMm: 7,
  shortAxisMm: 5,
  maximum3dDiameterMm: 7.5,
  axialSlices: 4,
  centroidPatientMm: [1.5, -2, 3],
  probability: 0.93,
  change: 'new',
  detail: { overlap: 0 },
} as const;

describe('patients', () => {
  const identity = { IssuerOfPatientID: 'A', PatientID: '7' };
  const empty = { ...identity, PatientName: '', PatientBirthDate: '', PatientSex: '' };

  it('are told apart by their issuer', () => {
    const a = store.patients.remember(empty);
    const b = store.patients.remember({ ...empty, IssuerOfPatientID: 'B' });
    expect(a.patientKey).not.toBe(b.patientKey);
  });

  it('keep what was first seen; only an empty value is filled', () => {
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
    store.cases.finish(first.case.caseKey, { status: 'reported', result: { seconds: 3 }, lesions: [lesion] }, 2);
    const again = store.cases.open(input('a'), 3);
    expect(again.created).toBe(false);
    expect(again.case).toMatchObject({ caseKey: first.case.caseKey, status: 'reported', result: { seconds: 3 } });
    expect(store.cases.lesions(first.case.caseKey)).toEqual([lesion]);
  });

  it('with other inputs supersede the latest reported one', () => {
    addSeries(store, { study: '1.2.1' });
    const first = store.cases.open(input('a'), 1).case;
    store.cases.finish(first.caseKey, { status: 'reported' }, 2);
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

  it('finished twice keep the second result, once', () => {
    addSeries(store, { study: '1.2.1' });
    const { caseKey } = store.cases.open(input('a'), 1).case;
    store.cases.finish(caseKey, { status: 'reported', lesions: [lesion] }, 2);
    store.cases.finish(caseKey, { status: 'reported', lesions: [lesion, { ...lesion, number: 2 }] }, 3);
    expect(store.cases.lesions(caseKey).map(({ number }) => number)).toEqual([1, 2]);
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
