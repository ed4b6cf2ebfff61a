import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  completenessHandler,
  instanceArrived,
  resumeCompleteness,
  seriesReleased,
} from '../../../src/node/completeness/schedule.js';
import type { Job } from '../../../src/node/queue/job.js';
import type { JobQueue } from '../../../src/node/queue/job-queue.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import type { JobContext } from '../../../src/node/queue/runner.js';
import { addSeries, temporaryStore } from '../../store/temporary-store.js';

const rules = { timerSeconds: 60, settleSeconds: 2, minimumCoverageMm: 110, minimumSlices: 3, spacingTolerance: 0.05 };
let store: ReturnType<typeof temporaryStore>;
let queue: JobQueue;
let now: number;
let completed: string[];
const clock = { now: () => now };

beforeEach(() => {
  store = temporaryStore();
  queue = openQueue(store, { clock });
  now = 1_000_000;
  completed = [];
});
afterEach(() => store.close());

const handler = () =>
  completenessHandler({
    store,
    queue,
    clock,
    rules,
    onComplete: (series) => void completed.push(series.SeriesInstanceUID),
  });
/** Runs what is due, as the runner would. */
async function turn() {
  for (let job = queue.claim(['complete']); job; job = queue.claim(['complete'])) {
    await handler()((job as Job<'complete'>).payload, { job } as JobContext);
    queue.complete(job);
  }
}
/** A slice of the series arrives. */
function arrive(normalPositionMm: number) {
  addSeries(store, { study: '1.2.1', state: 'receiving' });
  store.database.prepare('UPDATE series SET lastInstanceAt = :now, associationReleasedAt = NULL').run({ now });
  store.instances.insert({
    SOPInstanceUID: `1.9.${normalPositionMm}`,
    SeriesInstanceUID: '1.2.1.1',
    SOPClassUID: '1.2',
    TransferSyntaxUID: '1.2',
    path: '',
    bytes: 1,
    sha256: new Uint8Array(32),
    receivedAt: now,
    InstanceNumber: null,
    orientation: 'axial',
    normalPositionMm,
    sliceThicknessMm: null,
    NumberOfFrames: null,
    ImagesInAcquisition: null,
    NumberOfSeriesRelatedInstances: null,
  });
  instanceArrived(queue, store.series.find('1.2.1.1')!, rules);
}
/** Slices 0 … count − 1, in one commit to be quick. */
const arriveAll = (count: number, except?: number) =>
  store.transaction(() => {
    for (let z = 0; z < count; z++) if (z !== except) arrive(z);
  });
const release = () => {
  store.series.noteRelease(['1.2.1.1'], now);
  seriesReleased(store, queue, ['1.2.1.1'], now, rules);
};

describe('completeness', () => {
  it('is reached two seconds after the release if the evidence is there, and is kept', async () => {
    arriveAll(120);
    release();
    now += 1999;
    await turn();
    expect(completed).toEqual([]);
    now += 1;
    await turn();
    expect(completed).toEqual(['1.2.1.1']);
    const series = store.series.find('1.2.1.1')!;
    expect(series.state).toBe('complete');
    expect(series.completeness!.evidence).toMatchObject({
      instances: 120,
      layout: { gaps: 0 },
    });
  });

  it('waits for the timer if a slice is missing; each slice restarts it', async () => {
    arriveAll(120, 60);
    release();
    now += 2000;
    await turn();
    now += 50_000;
    arrive(121);
    now += 59_999;
    await turn();
    expect(completed).toEqual([]);
    now += 1;
    await turn();
    expect(completed).toEqual(['1.2.1.1']);
    expect(store.series.find('1.2.1.1')!.completeness!.by).toBe('timer');
  });

  it('writes no job for a further slice of a series that is already waiting', () => {
    arrive(1);
    const changes = () => store.database.prepare<{ n: number }>('SELECT total_changes() AS n').get()!.n;
    now += 1000;
    const series = store.series.find('1.2.1.1')!;
    const before = changes();
    instanceArrived(queue, { ...series, lastInstanceAt: now }, rules);
    expect(changes()).toBe(before);
    expect(queue.find('complete:1.2.1.1')).toMatchObject({ state: 'queued', runAfter: now + 59_000 });
  });

  it('is reached once more after a late slice', async () => {
    arriveAll(120);
    release();
    now += 2000;
    await turn();
    arrive(120);
    release();
    now += 2000;
    await turn();
    expect(completed).toEqual(['1.2.1.1', '1.2.1.1']);
    now += 100_000;
    await turn();
    expect(completed).toHaveLength(2);
  });

  it('is one commit with what it starts: if that fails, the series stays as it was', () => {
    arriveAll(120);
    now += 60_000;
    const failing = completenessHandler({
      store,
      queue,
      clock,
      rules,
      onComplete: () => {
        throw new Error('not enqueued');
      },
    });
    expect(() => failing({ SeriesInstanceUID: '1.2.1.1' }, {} as JobContext)).toThrow('not enqueued');
    expect(store.series.find('1.2.1.1')).toMatchObject({ state: 'receiving', completeness: null });
  });

  it('is judged again on start-up if its job is lost', () => {
    arrive(1);
    store.database.execute('DELETE FROM jobs');
    resumeCompleteness(store, queue, rules);
    expect(queue.find('complete:1.2.1.1')).toMatchObject({ state: 'queued', runAfter: now + 60_000 });
  });
});
