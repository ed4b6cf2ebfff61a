import { afterEach, beforeEach, expect, it } from 'vitest';
import { caseFinished } from '../../../src/node/work/case-finished.js';
import { enqueueDelivery } from '../../../src/node/queue/case-jobs.js';
import { systemClock } from '../../../src/core/clock.js';
import type { JobQueue } from '../../../src/node/queue/job-queue.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { loadMappings } from '../../../src/node/mappings.js';
import type { CaseRow, SeriesRow } from '../../../src/store/store.js';
import { caseResult } from '../../store/case-result.js';
import { addSeries, day, temporaryStore } from '../../store/temporary-store.js';

const mappings = { ...loadMappings('mappings'), destinations: [] };
let store: ReturnType<typeof temporaryStore>;
let queue: JobQueue;

beforeEach(() => {
  store = temporaryStore();
  queue = openQueue(store);
});
afterEach(() => store.close());

function finish(
  series: SeriesRow,
  fingerprint: string,
  outcome: Parameters<typeof store.cases.finish>[1],
  { read = true } = {},
): CaseRow {
  const { caseKey } = store.cases.open(
    {
      StudyInstanceUID: series.StudyInstanceUID,
      SeriesInstanceUID: read ? series.SeriesInstanceUID : null,
      priorCaseKey: null,
      priorSeriesInstanceUID: null,
      fingerprint,
    },
    1,
  ).case;
  store.cases.finish(caseKey, outcome, 1);
  const finished = store.cases.find(caseKey)!;
  caseFinished({ store, queue, mappings, clock: systemClock }, finished);
  return finished;
}

const reported = { status: 'reported', result: caseResult(), lesions: [] } as const;
const analyses = () => queue.list({ kind: 'analyse' }).map(({ payload }) => payload);

it('the next time point runs again if the one before it is rejected or put on hold after its report', () => {
  const [first, second] = [100, 200].map((at) => addSeries(store, { study: `1.2.${at}`, acquiredAt: at * day }));
  finish(second, 'b', reported);
  finish(first, 'a', reported);
  queue.list({ kind: 'analyse' }).forEach(({ key }) => queue.cancel(key));
  store.holds.add('1.2.100', [{ code: 'IDENTITY_CONTRADICTION', attribute: 'PatientSex' }], 1);
  const held = { status: 'held', code: 'IDENTITY_CONTRADICTION', reason: '' } as const;
  finish(first, 'held', held, { read: false });
  expect(queue.list({ kind: 'analyse', state: 'queued' }).map(({ payload }) => payload)).toEqual([
    { StudyInstanceUID: '1.2.200' },
  ]);
});

it('nothing follows from a run that failed: the report before it stands', () => {
  const [first, second] = [100, 200].map((at) => addSeries(store, { study: `1.2.${at}`, acquiredAt: at * day }));
  finish(second, 'b', reported);
  finish(first, 'a', reported);
  queue.list({ kind: 'analyse' }).forEach(({ key }) => queue.cancel(key));
  finish(first, 'a2', { status: 'failed', code: 'CHILD_DIED', reason: '' });
  expect(queue.list({ kind: 'analyse', state: 'queued' })).toEqual([]);
});

it('nothing follows from a study that is on hold before any report', () => {
  const [first, second] = [100, 200].map((at) => addSeries(store, { study: `1.2.${at}`, acquiredAt: at * day }));
  finish(second, 'b', reported);
  const before = analyses();
  finish(first, 'held', { status: 'held', code: 'TIME_UNKNOWN', reason: '' }, { read: false });
  expect(analyses()).toEqual(before);
});

it('the objects of a later case of a study wait for those of an earlier one, per destination', () => {
  const StudyInstanceUID = '1.2.3';
  enqueueDelivery(queue, 'pacs', { caseKey: 2, StudyInstanceUID });
  enqueueDelivery(queue, 'pacs', { caseKey: 1, StudyInstanceUID });
  enqueueDelivery(queue, 'other', { caseKey: 2, StudyInstanceUID });
  const claimed = [1, 2, 3].map(() => queue.claim(['deliver'])?.key);
  expect(claimed.sort()).toEqual(['deliver:other:2', 'deliver:pacs:1', undefined]);
});
