import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrioraError } from '../../../src/core/errors.js';
import type { Job } from '../../../src/node/queue/job.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { openStore } from '../../../src/store/store.js';

/** What may happen to a queue that several processes share. */
const event = fc.oneof(
  fc.record({
    type: fc.constant('enqueue' as const),
    key: fc.integer({ min: 0, max: 9 }),
    patient: fc.integer({ min: 0, max: 2 }),
    orderKey: fc.integer({ min: 0, max: 4 }),
  }),
  fc.record({ type: fc.constant('claim' as const), process: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ type: fc.constant('complete' as const), pick: fc.nat() }),
  fc.record({ type: fc.constant('fail' as const), pick: fc.nat(), permanent: fc.boolean() }),
  fc.record({ type: fc.constant('kill' as const), process: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
);

describe('the queue, whatever happens', () => {
  it('never runs two jobs of a patient at the same time, keeps their order, and loses none', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const store = openStore(':memory:');
        let now = 0;
        let generation = 0;
        const dead = new Set<string>();
        const clock = { now: () => now };
        const start = () => {
          const identity = `host/${++generation}/1`;
          return {
            identity,
            queue: openQueue(store, { clock, identity, leaseMs: 1e9, mayBeAlive: (who) => !dead.has(who) }),
            running: [] as Job[],
          };
        };
        const processes = [start(), start(), start()];
        const enqueued = new Map<string, { serialKey: string; orderKey: number }>();
        const ended = new Set<string>();
        const everyRunning = () => processes.flatMap((owner) => owner.running.map((job) => ({ owner, job })));
        const end = (pick: number, how: (owner: (typeof processes)[0], job: Job) => void) => {
          const candidates = everyRunning();
          if (candidates.length === 0) return;
          const { owner, job } = candidates[pick % candidates.length];
          owner.running.splice(owner.running.indexOf(job), 1);
          how(owner, job);
        };
        const claim = (owner: (typeof processes)[0]) => {
          const job = owner.queue.claim(['analyse']);
          if (!job) return;
          owner.running.push(job);
          const patients = everyRunning().map(({ job: { serialKey } }) => serialKey);
          expect(new Set(patients).size).toBe(patients.length);
          const unfinished = owner.queue
            .list({ serialKey: job.serialKey! })
            .filter(({ state, jobKey }) => state === 'queued' && jobKey !== job.jobKey);
          for (const other of unfinished) {
            const later = other.orderKey - job.orderKey || other.jobKey - job.jobKey;
            expect(later).toBeGreaterThan(0);
          }
        };
        for (const happening of events)
          switch (happening.type) {
            case 'enqueue': {
              const request = {
                key: `job:${happening.key}`,
                serialKey: `patient:${happening.patient}`,
                orderKey: happening.orderKey,
              };
              const { created } = processes[0].queue.enqueue({
                ...request,
                kind: 'analyse',
                payload: { StudyInstanceUID: '1.2' },
              });
              expect(created).toBe(!enqueued.has(request.key));
              if (created) enqueued.set(request.key, request);
              break;
            }
            case 'claim':
              claim(processes[happening.process]);
              break;
            case 'complete':
              end(happening.pick, (owner, job) => {
                expect(owner.queue.complete(job)).toBe(true);
                ended.add(job.key);
              });
              break;
            case 'fail':
              end(happening.pick, (owner, job) => {
                owner.queue.fail(job, new PrioraError(happening.permanent ? 'GEOMETRY_GAP' : 'STORAGE_FULL', 'failed'));
                if (happening.permanent) ended.add(job.key);
              });
              break;
            case 'kill':
              dead.add(processes[happening.process].identity);
              processes[happening.process] = start();
              processes[happening.process].queue.reclaim();
              break;
            case 'wait':
              now += happening.ms;
              break;
          }
        // Everything that was asked for is still there, and can be brought to its end.
        for (const { job, owner } of everyRunning()) {
          owner.queue.complete(job);
          ended.add(job.key);
        }
        processes.forEach((owner) => (owner.running = []));
        const last = processes[0];
        last.queue.reclaim();
        for (let turn = 0; turn < 1000 && ended.size < enqueued.size; turn++) {
          now += 600_000;
          claim(last);
          for (const job of last.running.splice(0)) {
            last.queue.complete(job);
            ended.add(job.key);
          }
        }
        // A job may have been taken down by its process too often: that is an end as well, and a visible one.
        for (const { key } of last.queue.list({ state: 'failed' })) ended.add(key);
        expect([...ended].sort()).toEqual([...enqueued.keys()].sort());
        store.close();
      }),
      { numRuns: 150 },
    );
  });
});
