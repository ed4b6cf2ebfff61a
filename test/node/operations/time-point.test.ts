import { afterEach, beforeEach, expect, test } from 'vitest';
import { timePointOf } from '../../../src/node/operations/time-point.js';
import { addSeries, temporaryStore } from '../../store/temporary-store.js';

let store: ReturnType<typeof temporaryStore>;
beforeEach(() => (store = temporaryStore()));
afterEach(() => store.close());

/** A reported case of one study, whose comparison came to this. */
function timePoint(compared: { prior: object | null; noPriorReason: object | null }) {
  const { StudyInstanceUID, SeriesInstanceUID } = addSeries(store, { study: '1.1' });
  const input = { StudyInstanceUID, SeriesInstanceUID, priorCaseKey: null, priorSeriesInstanceUID: null };
  const { caseKey } = store.cases.open({ ...input, fingerprint: 'a' }, 1).case;
  const result = { ...compared, objects: [], notes: [], models: [], gone: [], picture: 'picture.png' };
  store.cases.finish(caseKey, { status: 'reported', result }, 2);
  return timePointOf(store, '/data', store.cases.find(caseKey)!);
}

const tried = { StudyInstanceUID: '1.0', SeriesInstanceUID: '1.0.1' };

test('a prior that could not be registered at all is named, with what was in the way', () => {
  const noPriorReason = { kind: 'registration failed', ...tried, message: 'too few samples' };
  expect(timePoint({ prior: null, noPriorReason })).toMatchObject({
    prior: { ...tried, verdict: 'refused', similarity: null, reason: 'too few samples' },
    noPriorReason: 'the prior (study 1.0) could not be registered: too few samples',
  });
});

test('without an earlier study there is none', () => {
  expect(timePoint({ prior: null, noPriorReason: { kind: 'no earlier study' } }).prior).toBeNull();
});
