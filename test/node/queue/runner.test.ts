import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { nodeStatus } from '../../../src/node/operations/status.js';
import { PrioraError } from '../../../src/core/errors.js';
import { silentLogger } from '../../../src/core/log.js';
import type { JobQueue } from '../../../src/node/queue/job-queue.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { Runner, type JobHandler, type RunnerOptions } from '../../../src/node/queue/runner.js';
import { openStore } from '../../../src/store/store.js';
import { temporaryStore } from '../../store/temporary-store.js';

let store: ReturnType<typeof temporaryStore>;
let queue: JobQueue;
let runner: Runner | undefined;

beforeEach(() => {
  store = temporaryStore();
  queue = openQueue(store);
});
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
  store.close();
});

const run = (analyse: JobHandler<'analyse'>, options: Partial<RunnerOptions> = {}) =>
  (runner = Runner.start({ queue, handlers: { analyse }, logger: silentLogger, pollMs: 20, ...options }));
const enqueue = (key: string, to: JobQueue = queue) =>
  to.enqueue({ key, kind: 'analyse', payload: { StudyInstanceUID: key } });

describe('the runner', () => {
  it('runs what is queued now and later, and records the stage', async () => {
    const seen: unknown[] = [];
    enqueue('a');
    run(({ StudyInstanceUID }, context) => {
      context.setStage('writing');
      seen.push(StudyInstanceUID);
      return Promise.resolve();
    });
    await runner!.idle();
    enqueue('b');
    await runner!.idle();
    expect(seen).toEqual(['a', 'b']);
    expect(queue.find('b')).toMatchObject({ state: 'done', stage: 'writing' });
  });

  it('hears of jobs that another process enqueued', async () => {
    let heard!: () => void;
    const done = new Promise<void>((resolve) => (heard = resolve));
    run(() => Promise.resolve(heard()));
    const other = openStore(store.path);
    enqueue('a', openQueue(other));
    await done;
    other.close();
  });

  it('runs as many of a kind as it may, and no more', async () => {
    let most = 0;
    let now = 0;
    for (let index = 0; index < 12; index++) enqueue(`${index}`);
    run(
      async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
      },
      { concurrency: { analyse: 3 } },
    );
    await runner!.idle();
    expect(most).toBe(3);
    expect(queue.list({ state: 'done' })).toHaveLength(12);
  });

  it('keeps running when a handler throws', async () => {
    enqueue('bad');
    enqueue('good');
    run(({ StudyInstanceUID }) => (StudyInstanceUID === 'bad' ? Promise.reject(new Error('?')) : Promise.resolve()));
    await runner!.idle();
    expect(queue.find('bad')).toMatchObject({ state: 'queued', attempts: 1 });
    expect(queue.find('good')?.state).toBe('done');
  });

  it('runs a job again if its end could not be written, and continues if its stage cannot be', async () => {
    let full = true;
    const unlessFull = <Result>(write: () => Result): Result => {
      if (full) throw new PrioraError('STORAGE_FULL', 'no space left');
      return write();
    };
    const failing: JobQueue = {
      ...queue,
      complete: (job) => unlessFull(() => queue.complete(job)),
      fail: (job, thrown) => unlessFull(() => queue.fail(job, thrown)),
      setStage: (job, stage) => unlessFull(() => queue.setStage(job, stage)),
      release: (job) => unlessFull(() => queue.release(job)),
    };
    enqueue('a');
    let runs = 0;
    const again = new Promise<void>((resolve) => {
      run(
        (_, { setStage }) => {
          setStage('writing');
          if (++runs === 2) resolve();
          return Promise.resolve();
        },
        { queue: failing, renewMs: 20, logger: pino({ level: 'error' }, { write: () => void (full = false) }) },
      );
    });
    await again;
    await runner!.idle();
    expect(runs).toBe(2);
    expect(queue.find('a')?.state).toBe('done');
  });

  it('stops running jobs on shutdown and returns them unharmed', async () => {
    let started!: () => void;
    const running = new Promise<void>((resolve) => (started = resolve));
    enqueue('a');
    run(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')));
          started();
        }),
    );
    await running;
    await runner!.stop();
    expect(queue.find('a')).toMatchObject({ state: 'queued', attempts: 0, crashes: 0 });
  });

  it('stops a job that is cancelled', async () => {
    enqueue('a');
    const ended = new Promise<void>((resolve) =>
      run(
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            queue.cancel('a');
            signal.addEventListener('abort', () => {
              reject(new Error('stopped'));
              resolve();
            });
          }),
        { renewMs: 10 },
      ),
    );
    await ended;
    await runner!.idle();
    expect(queue.find('a')?.state).toBe('cancelled');
  });

  it('fails a job whose payload cannot be read, and goes on', async () => {
    enqueue('unreadable');
    enqueue('good');
    store.database.execute(`UPDATE jobs SET payload = '{"study": 7}' WHERE key = 'unreadable'`);
    run(() => Promise.resolve());
    await runner!.idle();
    expect(queue.list().map(({ key, state, code }) => [key, state, code])).toEqual([
      ['unreadable', 'failed', 'DATABASE_DAMAGED'],
      ['good', 'done', null],
    ]);
    expect(queue.find('unreadable')?.error).toMatch(/jobs.payload of unreadable: StudyInstanceUID/);
  });

  it('raises an alarm when a job has failed for good: an error in the log, and a line with what to do in the status', async () => {
    const lines: { level: number; code?: string }[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
    enqueue('analyse:1.2.3');
    const broken = new PrioraError('DICOM_INVALID_OUTPUT', 'PatientID is missing');
    run(() => Promise.reject(broken), { logger });
    await runner!.idle();
    expect(lines).toMatchObject([{ level: pino.levels.values['error'], code: 'DICOM_INVALID_OUTPUT' }]);
    const { failedJobs } = nodeStatus({ store, queue } as unknown as Parameters<typeof nodeStatus>[0]);
    expect(failedJobs).toMatchObject([
      {
        key: 'analyse:1.2.3',
        code: 'DICOM_INVALID_OUTPUT',
        attempts: 1,
        action: expect.stringContaining('not sent') as string,
      },
    ]);
  });
});
