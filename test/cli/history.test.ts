import { afterAll, beforeAll, expect, test } from 'vitest';
import { patientHistory } from '../../src/node/operations/history.js';
import { historyText } from '../../src/cli/history-text.js';
import { requestAnalysis } from '../../src/node/queue/case-jobs.js';
import { openQueue } from '../../src/node/queue/queue.js';
import { namedPatient } from '../../src/node/operations/named-patient.js';
import { volumeChange } from '../../src/model/change.js';
import { shippedCriteria } from '../../src/model/criteria.js';
import type { CaseResult } from '../../src/model/case-result.js';
import type { TrackedLesion } from '../../src/model/lesion.js';
import type { ResponseAssessment } from '../../src/model/response.js';
import { baselineResponse, caseResult } from '../store/case-result.js';
import { addSeries, day, temporaryStore } from '../store/temporary-store.js';

const store = temporaryStore();
afterAll(() => store.close());

const tracked = (number: number, volumeMm3: number, given: Partial<TrackedLesion>): TrackedLesion => ({
  number,
  trackingUID: `2.25.${number}`,
  trackingID: `Lesion ${number}`,
  confidence: 'confirmed',
  change: 'baseline',
  voxelCount: volumeMm3,
  volumeMm3,
  longAxisMm: 8.25,
  shortAxisMm: 6,
  maximum3dDiameterMm: 9,
  longAxis: [[0, 0, 0], [8.25, 0, 0]], // prettier-ignore
  shortAxis: [[4, -3, 0], [4, 3, 0]], // prettier-ignore
  axialPlaneMm: 0,
  axialSlices: 6,
  sourceSlice: 3,
  centroidPatientMm: [4, 0, 0],
  peakPatientMm: [4, 0, 0],
  probability: 0.9,
  probabilities: { sensitivity: 0.9, specificity: 0.8 },
  site: null,
  history: [],
  sincePrior: null,
  sinceBaseline: null,
  mergedFrom: [],
  splitFrom: null,
  ...given,
});

function report(
  study: string,
  acquiredAt: number,
  lesions: TrackedLesion[],
  gone: CaseResult['gone'],
  overall: ResponseAssessment['overall'],
) {
  const { SeriesInstanceUID } = addSeries(store, { study, acquiredAt });
  const input = { StudyInstanceUID: study, SeriesInstanceUID, priorCaseKey: null, priorSeriesInstanceUID: null };
  const { caseKey } = store.cases.open({ ...input, fingerprint: study }, 1).case;
  const target = {
    trackingUID: '2.25.1',
    trackingID: 'Lesion 1',
    longAxisMm: 1,
    baselineMm: 1,
    nadirMm: 1,
    firstSeen: 1,
  };
  const targets = { ...baselineResponse.targets, lesions: [target], sumMm: 12.34 };
  const result = caseResult({ noPriorReason: null, gone, response: { ...baselineResponse, overall, targets } });
  store.cases.finish(caseKey, { status: 'reported', result, lesions }, 1);
}

const grown = volumeChange({ acquiredAt: 10 * day, volumeMm3: 100 }, { acquiredAt: 50 * day, volumeMm3: 400 }, shippedCriteria()); // prettier-ignore

beforeAll(() => {
  const identity = (number: number) => ({ trackingUID: `2.25.${number}`, trackingID: `Lesion ${number}` });
  report('1.2.1', 10 * day, [tracked(1, 100, {}), tracked(2, 50, {}), tracked(3, 60, {})], [], 'baseline');
  report(
    '1.2.2',
    50 * day,
    [tracked(1, 400, { change: 'grown', sincePrior: grown, mergedFrom: [identity(3)] }), tracked(4, 9, { change: 'new', confidence: 'candidate' })], // prettier-ignore
    [
      { ...identity(2), status: 'not visualised', mergedInto: null },
      { ...identity(3), status: 'merged', mergedInto: identity(1) },
    ],
    'PD',
  );
});

const queue = openQueue(store);
const historyNow = () => patientHistory({ store, queue }, namedPatient(store, 'P1', undefined));

test('a time point whose analysis is queued again is said to be out of date', () => {
  requestAnalysis({ store, queue }, '1.2.2');
  expect(historyNow().timePoints.map(({ beingReadAgain }) => beingReadAgain)).toEqual([false, true]);
  expect(historyText(historyNow(), 'utc')).toContain('time point 2 is being read again');
  queue.cancel('analyse:1.2.2');
  expect(historyText(historyNow(), 'utc')).not.toContain('read again');
});

test('1: gives every lesion at every time point, as in the reports', () => {
  const { timePoints, lesions } = historyNow();
  expect(timePoints.map(({ order, acquiredAt, response }) => [order, acquiredAt, response.overall])).toEqual([
    [1, '1970-01-11T00:00:00.000Z', 'baseline'],
    [2, '1970-02-20T00:00:00.000Z', 'PD'],
  ]);
  expect(lesions.map(({ trackingID, entries }) => [trackingID, ...entries.map((entry) => (entry?.seen ? entry.volumeMm3 : (entry?.status ?? null)))])).toEqual([
    ['Lesion 1', 100, 400],
    ['Lesion 2', 50, 'not visualised'],
    ['Lesion 3', 60, 'merged'],
    ['Lesion 4', null, 9],
  ]); // prettier-ignore
  expect(lesions[0].entries[1]).toMatchObject({ sincePrior: grown, change: 'grown', longAxisMm: 8.25 });
});

test('2: prints a table on a terminal', () => {
  const text = historyText(historyNow(), 'utc').split('\n');
  expect(text.slice(0, 17)).toEqual([
    'patient P1: 2 time points, 4 lesions',
    '',
    '           1: 1970-01-11     2: 1970-02-20',
    '',
    'Lesion 1   100 mm³, 8.3 mm   400 mm³, 8.3 mm',
    '           baseline          grown +300 %, ×2 in 20 d',
    '                             merged with Lesion 3',
    '',
    'Lesion 2   50 mm³, 8.3 mm    not visualised',
    '           baseline',
    '',
    'Lesion 3   60 mm³, 8.3 mm    merged with Lesion 1',
    '           baseline',
    '',
    'Lesion 4   ·                 9 mm³, 8.3 mm, candidate',
    '                             new',
    '',
  ]);
  expect(text.slice(17)).toEqual([
    'RANO-BM    baseline          PD',
    '           targets 12.3 mm   targets 12.3 mm',
    '',
    'For research use only. Not a medical device. Not for use in diagnostic procedures.',
  ]);
});
