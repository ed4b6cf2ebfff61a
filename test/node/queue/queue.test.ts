import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrioraError } from '../../../src/core/errors.js';
import type { Job, JobRequest } from '../../../src/node/queue/job.js';
import type { JobQueue } from '../../../src/node/queue/job-queue.js';
import { mayBeAlive, processIdentity } from '../../../src/node/queue/process-identity.js';
import { openQueue, type QueueOptions } from '../../../src/node/queue/queue.js';
import { claimableSQL } from '../../../src/node/queue/claim.js';
import { backoffMs, defaultRetryPolicy } from '../../../src/node/queue/retry-policy.js';
import { temporaryStore } from '../../store/temporary-store.js';

let store: ReturnType<typeof temporaryStore>;
let now: number;
const clock = { now: () => now };
const open = (options: QueueOptions = {}): JobQueue => openQueue(store, { clock, leaseMs: 1000, ...options });
let queue: JobQueue;

beforeEach(() => {
  store = temporaryStore();
  now = 1_000_000;
  queue = open();
});
afterEach(() => store.close());

const job = (key: string, more: Partial<JobRequest> & { study?: string } = {}) =>
  ({ key, kind: 'analyse', payload: { StudyInstanceUID: more.study ?? key }, ...more }) as JobRequest;
const claimed = (from: JobQueue = queue): Job => from.claim(['analyse'])!;
const transient = () => new PrioraError('DESTINATION_UNREACHABLE', 'no answer');

describe('enqueue', () => {
  it('is idempotent by key, even if the job is done', () => {
    expect(queue.enqueue(job('a')).created).toBe(true);
    expect(queue.enqueue(job('a', { study: 'other' }))).toMatchObject({
      created: false,
      job: { payload: { StudyInstanceUID: 'a' } },
    });
    queue.complete(claimed());
    queue.enqueue(job('a'));
    expect(claimed()).toBeUndefined();
  });

  it('with refresh moves a waiting job and runs a finished one again', () => {
    queue.enqueue(job('a', { runAfter: now + 10 }));
    queue.enqueue(job('a', { runAfter: now + 50, study: '2' }), { known: 'refresh' });
    now += 10;
    expect(claimed()).toBeUndefined();
    now += 40;
    const first = claimed();
    expect(first.payload).toEqual({ StudyInstanceUID: '2' });
    queue.complete(first);
    queue.enqueue(job('a'), { known: 'refresh' });
    expect(claimed()).toMatchObject({ key: 'a', attempts: 0 });
  });

  it('with refresh makes a running job run once more', () => {
    queue.enqueue(job('a'));
    const first = claimed();
    queue.enqueue(job('a', { runAfter: now + 5, study: 'newer' }), { known: 'refresh' });
    expect(claimed()).toBeUndefined();
    expect(queue.complete(first)).toBe(true);
    expect(claimed()).toBeUndefined();
    now += 5;
    expect(claimed()).toMatchObject({ payload: { StudyInstanceUID: 'newer' } });
  });

  it('joins the store’s transaction', () => {
    expect(() =>
      store.transaction(() => {
        queue.enqueue(job('a'));
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(queue.find('a')).toBeUndefined();
  });
});

describe('claim', () => {
  it('takes the highest priority, then the oldest', () => {
    queue.enqueue(job('old'));
    queue.enqueue(job('young', { runAfter: now }));
    queue.enqueue(job('urgent', { priority: 5 }));
    expect([claimed().key, claimed().key, claimed().key]).toEqual(['urgent', 'old', 'young']);
  });

  it('runs one patient’s jobs one at a time, by acquisition and not by arrival', () => {
    const patient = { serialKey: 'patient:1' };
    queue.enqueue(job('second', { ...patient, orderKey: 200 }));
    queue.enqueue(job('first', { ...patient, orderKey: 100 }));
    queue.enqueue(job('other', { serialKey: 'patient:2', orderKey: 300 }));
    const first = claimed();
    expect(first.key).toBe('first');
    expect(claimed().key).toBe('other');
    expect(claimed()).toBeUndefined();
    queue.complete(first);
    expect(claimed().key).toBe('second');
  });

  it('holds later jobs back while an earlier one waits for its retry, and lets them go when it has failed', () => {
    const patient = { serialKey: 'patient:1' };
    queue.enqueue(job('first', { ...patient, orderKey: 100 }));
    queue.enqueue(job('second', { ...patient, orderKey: 200 }));
    queue.fail(claimed(), transient());
    expect(claimed()).toBeUndefined();
    now += backoffMs(1, defaultRetryPolicy);
    queue.fail(claimed(), new PrioraError('GEOMETRY_GAP', 'a gap'));
    expect(queue.find('first')).toMatchObject({ state: 'failed', code: 'GEOMETRY_GAP' });
    expect(claimed().key).toBe('second');
  });

  it('makes an earlier study that arrives while a later one is running wait for it', () => {
    queue.enqueue(job('later', { serialKey: 'p', orderKey: 200 }));
    const running = claimed();
    queue.enqueue(job('earlier', { serialKey: 'p', orderKey: 100 }));
    expect(claimed()).toBeUndefined();
    queue.complete(running);
    expect(claimed().key).toBe('earlier');
  });

  it('reads indexes only', () => {
    const plan = store.database
      .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${claimableSQL}`)
      .all({ kinds: '["analyse"]', now })
      .map(({ detail }) => detail);
    expect(plan.filter((detail) => /^SCAN (job|other|jobs)\b/.test(detail))).toEqual([]);
    expect(plan.join()).toMatch(/USING INDEX jobsQueued/);
    expect(plan.join()).toMatch(/jobsSerial/);
  });
});

describe('fail', () => {
  it('retries a transient error after 5, 10, 20 … seconds, at most 10 minutes', () => {
    const policy = defaultRetryPolicy;
    expect([1, 2, 3, 4].map((tries) => backoffMs(tries, policy))).toEqual([5000, 10_000, 20_000, 40_000]);
    expect(backoffMs(60, policy)).toBe(600_000);
    queue.enqueue(job('a'));
    queue.fail(claimed(), transient());
    expect(queue.find('a')).toMatchObject({ state: 'queued', attempts: 1, runAfter: now + 5000, error: 'no answer' });
  });

  it('gives up a transient error at the deadline, visibly', () => {
    queue.enqueue(job('a', { deadline: now + 6000 }));
    queue.fail(claimed(), transient());
    now += 5000;
    queue.fail(claimed(), transient());
    expect(queue.list({ state: 'failed' }).map(({ key }) => key)).toEqual(['a']);
  });

  it('fails a permanent error at once and an unknown one at the third attempt', () => {
    queue.enqueue(job('bad'));
    queue.fail(claimed(), new PrioraError('GEOMETRY_MIXED', 'mixed'));
    expect(queue.find('bad')).toMatchObject({ state: 'failed', attempts: 1 });
    queue.enqueue(job('strange'));
    for (const state of ['queued', 'queued', 'failed']) {
      queue.fail(claimed(), new TypeError('undefined is not a function'));
      expect(queue.find('strange')).toMatchObject({ state, code: 'INTERNAL' });
      now += 600_000;
    }
  });

  it('tries again what was ended from outside, however often, and what crashed of itself three times', () => {
    queue.enqueue(job('killed'));
    for (let kill = 0; kill < 20; kill++) {
      queue.fail(claimed(), new PrioraError('CHILD_KILLED', 'ended by SIGKILL'));
      now += 600_000;
    }
    expect(queue.find('killed')).toMatchObject({ state: 'queued', code: 'CHILD_KILLED' });
    queue.complete(claimed());
    queue.enqueue(job('crashing'));
    for (const state of ['queued', 'queued', 'failed']) {
      queue.fail(claimed(), new PrioraError('CHILD_DIED', 'ended with SIGSEGV'));
      expect(queue.find('crashing')?.state).toBe(state);
      now += 600_000;
    }
  });

  it('can have other rules for a kind', () => {
    queue = open({ retryByKind: { analyse: { ambiguousTries: 1 } } });
    queue.enqueue(job('a'));
    queue.fail(claimed(), new Error('?'));
    expect(queue.find('a')?.state).toBe('failed');
  });

  it('is undone by retry', () => {
    queue.enqueue(job('a'));
    queue.fail(claimed(), new PrioraError('GEOMETRY_GAP', 'a gap'));
    expect(queue.retry('a')).toBe(true);
    expect(queue.retry('a')).toBe(false);
    expect(claimed()).toMatchObject({ attempts: 0, error: null });
  });
});

describe('cancel', () => {
  it('withdraws a waiting job, asks a running one to stop, and leaves a finished one alone', () => {
    queue.enqueue(job('a'));
    expect(queue.cancel('a')).toBe(true);
    expect(queue.find('a')?.state).toBe('cancelled');
    expect(queue.cancel('a')).toBe(false);
    queue.enqueue(job('b'));
    const running = claimed();
    expect(queue.cancel('b')).toBe(true);
    expect(queue.renew([running])).toEqual({ cancelled: [running.jobKey], lost: [] });
    queue.fail(running, new Error('stopped'));
    expect(queue.find('b')?.state).toBe('cancelled');
  });

  it('comes too late for a job that ends well', () => {
    queue.enqueue(job('a'));
    const running = claimed();
    queue.cancel('a');
    queue.complete(running);
    expect(queue.find('a')?.state).toBe('done');
  });
});

describe('a process that dies', () => {
  it('loses its lease in time, and what it says afterwards is ignored', () => {
    const dead = open({ identity: 'host/boot/1/1', mayBeAlive: () => true });
    queue = open({ identity: 'host/boot/2/2', mayBeAlive: () => true });
    queue.enqueue(job('a'));
    const lost = claimed(dead);
    now += 999;
    expect(queue.reclaim()).toBe(0);
    now += 1;
    expect(queue.reclaim()).toBe(1);
    const again = claimed(queue);
    expect(again).toMatchObject({ key: 'a', crashes: 1 });
    expect(dead.complete(lost)).toBe(false);
    expect(dead.renew([lost])).toEqual({ cancelled: [], lost: [lost.jobKey] });
    expect(queue.complete(again)).toBe(true);
  });

  it('keeps its lease while it renews', () => {
    const busy = open({ identity: 'host/boot/1/1', mayBeAlive: () => true });
    busy.enqueue(job('a'));
    const held = claimed(busy);
    for (let turn = 0; turn < 5; turn++) {
      now += 900;
      busy.renew([held]);
      expect(open({ identity: 'host/boot/2/2', mayBeAlive: () => true }).reclaim()).toBe(0);
    }
    expect(busy.complete(held)).toBe(true);
  });

  it('is noticed at once on the same machine', () => {
    const dead = open({ identity: processIdentity(2 ** 22 - 7) });
    dead.enqueue(job('a'));
    claimed(dead);
    expect(queue.reclaim()).toBe(1);
    expect(claimed().key).toBe('a');
  });

  it('is told from a living one, and from another that reused its pid', () => {
    expect(mayBeAlive(processIdentity())).toBe(true);
    expect(mayBeAlive(processIdentity().replace(/\/[^/]+$/, '/1'))).toBe(false);
    expect(mayBeAlive('another-machine/boot/1/1')).toBe(true);
  });

  it('in a machine that was started again is no crash of its job', () => {
    const [host, , pid, started] = processIdentity().split('/');
    queue.enqueue(job('a'));
    for (let restart = 0; restart < 50; restart++) {
      expect(claimed(open({ identity: `${host}/boot-${restart}/${pid}/${started}` })).key).toBe('a');
      expect(queue.reclaim()).toBe(1);
    }
    expect(queue.find('a')).toMatchObject({ state: 'queued', crashes: 0 });
  });

  it('takes a job down with it only so often', () => {
    queue.enqueue(job('poison'));
    for (let crash = 1; crash <= defaultRetryPolicy.crashTries; crash++) {
      claimed(open({ identity: `host/boot/${crash}/1` }));
      now += 1000;
      queue.reclaim();
    }
    expect(queue.find('poison')).toMatchObject({ state: 'failed', code: 'CHILD_DIED' });
  });

  it('loses no refresh that arrived while it ran', () => {
    const dead = open({ identity: 'host/boot/1/1' });
    queue.enqueue(job('a'));
    claimed(dead);
    queue.enqueue(job('a', { study: 'newer', runAfter: now + 5000 }), { known: 'refresh' });
    now += 1000;
    queue.reclaim();
    now += 4000;
    expect(claimed()).toMatchObject({ payload: { StudyInstanceUID: 'newer' } });
  });
});

describe('prune', () => {
  it('deletes what was done or withdrawn long ago; failed, waiting and running jobs stay', () => {
    for (const key of ['done', 'failed']) queue.enqueue(job(key));
    queue.complete(claimed());
    queue.fail(claimed(), new PrioraError('GEOMETRY_GAP', 'a slice is missing'));
    queue.enqueue(job('withdrawn'));
    queue.cancel('withdrawn');
    queue.enqueue(job('running'));
    claimed();
    queue.enqueue(job('queued'));
    now += 10;
    queue.enqueue(job('later', { priority: 1 }));
    queue.complete(claimed());
    expect(queue.prune(now)).toBe(2);
    expect(queue.list().map(({ key }) => key)).toEqual(['failed', 'running', 'queued', 'later']);
    expect(queue.enqueue(job('done')).created).toBe(true);
  });
});
