import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestAnalysis } from '../../../src/node/queue/case-jobs.js';
import { PrioraError } from '../../../src/core/errors.js';
import { progressOf } from '../../../src/phantom/demo/progress.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import type { JobQueue } from '../../../src/node/queue/job-queue.js';
import type { Store } from '../../../src/store/store.js';
import { addSeries, temporaryStore } from '../../store/temporary-store.js';

let store: Store;
let queue: JobQueue;
let isRunning: boolean;
let said: string[];
let look: () => void;
beforeEach(() => {
  store = temporaryStore();
  queue = openQueue(store);
  isRunning = true;
  said = [];
  const studies = [{ title: 'baseline', StudyInstanceUID: '1.2.7' }];
  look = progressOf({ store, isRunning: () => isRunning, destination: 'pacs', studies }, (line) => said.push(line));
});
afterEach(() => store.close());

const object = { SOPInstanceUID: '2.25.1', destination: 'pacs' };
const request = () => store.deliveries.request({ ...object, caseKey: null }, 1);

test('each stage is reported once, as it begins', () => {
  addSeries(store, { study: '1.2.7' });
  requestAnalysis({ store, queue }, '1.2.7');
  const job = queue.claim(['analyse'])!;
  look();
  for (const stage of ['infer 0.1', 'infer 0.2', 'report']) {
    queue.setStage(job, stage);
    look();
  }
  expect(said).toEqual(['  baseline: starting', '  baseline: infer', '  baseline: report']);
});

test('waits for what is still to be delivered', () => {
  request();
  expect(look).not.toThrow();
  store.deliveries.note(object, { state: 'delivered', status: 0, error: null }, 1);
  expect(look).not.toThrow();
});

test.each(['pending', 'failed'] as const)('ends on an object that was not accepted, with the delivery %s', (state) => {
  request();
  store.deliveries.note(object, { state, status: 0xa700, error: 'answered with status 0xA700' }, 1);
  expect(look).toThrow('2.25.1 was not accepted by pacs: answered with status 0xA700');
});

test('ends on a job that has failed', () => {
  addSeries(store, { study: '1.2.7' });
  requestAnalysis({ store, queue }, '1.2.7');
  queue.fail(queue.claim(['analyse'])!, new PrioraError('MODEL_INVALID', 'the model is gone'));
  expect(look).toThrow('analyse:1.2.7: the model is gone');
});

test('ends with the node', () => {
  isRunning = false;
  expect(look).toThrow('the node ended before the results arrived');
});
