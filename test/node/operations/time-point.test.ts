import { afterEach, beforeEach, expect, test } from 'vitest';
import { timePointOf } from '../../../src/node/operations/time-point.js';
import type { CaseResult } from '../../../src/model/case-result.js';
import { caseResult } from '../../store/case-result.js';
import { addSeries, temporaryStore } from '../../store/temporary-store.js';

let store: ReturnType<typeof temporaryStore>;
beforeEach(() => (store = temporaryStore()));
afterEach(() => store.close());

/** A reported case of one study, whose comparison came to this. */
function timePoint(compared: Pick<CaseResult, 'prior' | 'noPriorReason'>) {
  const { StudyInstanceUID, SeriesInstanceUID } = addSeries(store, { study: '1.1' });
  const input = { StudyInstanceUID, SeriesInstanceUID, priorCaseKey: null, priorSeriesInstanceUID: null };
  const { caseKey } = store.cases.open({ ...input, fingerprint: 'a' }, 1).case;
  store.cases.finish(caseKey, { status: 'reported', result: caseResult(compared), lesions: [] }, 2);
  return timePointOf(store, '/data', store.cases.find(caseKey)!);
}

const tried = { StudyInstanceUID: '1.0', SeriesInstanceUID: '1.0.1' };

test('names a prior that could not be registered at all, and the reason', () => {
  const noPriorReason = { kind: 'registration failed', ...tried, message: 'too few samples' } as const;
  expect(timePoint({ prior: null, noPriorReason })).toMatchObject({
    prior: { ...tried, verdict: 'refused', similarity: null, reason: 'too few samples' },
    noPriorReason: 'the prior study could not be registered: too few samples',
  });
});

test('has no prior without an earlier study', () => {
  expect(timePoint({ prior: null, noPriorReason: { kind: 'no earlier study' } }).prior).toBeNull();
});
