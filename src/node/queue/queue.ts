import { systemClock, type Clock } from '../../core/clock.js';
import { asPrioraError, PrioraError } from '../../core/errors.js';
import type { Database } from '../../store/database.js';
import type { EnqueueOptions, Job, JobQueue, JobRequest } from './job.js';
import { mayBeAlive, processIdentity } from './process-identity.js';
import { jobStatements, type StoredJob } from './queue-sql.js';
import { defaultRetryPolicy, retryDecision, type RetryPolicy } from './retry-policy.js';

export interface QueueOptions {
  readonly clock?: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Retry rules of kinds that differ from `retry`, e.g. deliveries. */
  readonly retryByKind?: Readonly<Record<string, Partial<RetryPolicy>>>;
  /** How long a claim holds without `renew` [60 s]. */
  readonly leaseMs?: number;
  /** Who claims [this process]. */
  readonly identity?: string;
  /** Whether an owner may still be running [asks the operating system]. */
  readonly mayBeAlive?: (identity: string) => boolean;
}

const jobFrom = ({ payload, cancelRequested, ...row }: StoredJob): Job => ({
  ...row,
  payload: JSON.parse(payload),
  cancelRequested: cancelRequested === 1,
});

/** The durable queue in the store's database. */
export function openQueue(store: { readonly database: Database }, options: QueueOptions = {}): JobQueue {
  const clock = options.clock ?? systemClock;
  const leaseMs = options.leaseMs ?? 60_000;
  const identity = options.identity ?? processIdentity();
  const alive = options.mayBeAlive ?? mayBeAlive;
  const policyOf = (kind: string): RetryPolicy => ({
    ...defaultRetryPolicy,
    ...options.retry,
    ...options.retryByKind?.[kind],
  });
  const { database } = store;
  const sql = jobStatements(database);
  const listeners = new Set<() => void>();
  const changed = () => listeners.forEach((listener) => listener());
  let claims = 0;

  const find = (key: string): Job | undefined => {
    const row = sql.byKey.get({ key });
    return row && jobFrom(row);
  };

  /**
   * Ends a run with success (`done`) or without: `next` decides, unless the job was cancelled or refreshed meanwhile.
   */
  const endRun = (job: Job, done: boolean, next: (row: StoredJob) => void): boolean => {
    const held = database.transaction(() => {
      const row = sql.held.get({ jobKey: job.jobKey, owner: job.owner });
      if (!row) return false;
      if (row.cancelRequested === 1 && !done) sql.end.run({ jobKey: job.jobKey, state: 'cancelled', now: clock.now() });
      else if (row.requeueAfter !== null) sql.restart.run({ jobKey: job.jobKey, runAfter: row.requeueAfter });
      else next(row);
      return true;
    });
    changed();
    return held;
  };

  const enqueue = (request: JobRequest, { known = 'keep' }: EnqueueOptions = {}) => {
    const now = clock.now();
    const values = {
      key: request.key,
      kind: request.kind,
      payload: JSON.stringify(request.payload ?? null),
      priority: request.priority ?? 0,
      runAfter: request.runAfter ?? now,
      serialKey: request.serialKey ?? null,
      orderKey: request.orderKey ?? 0,
      deadline: request.deadline ?? null,
      now,
    };
    const created = database.transaction(() => {
      if (sql.insert.run(values).changes > 0) return true;
      if (known === 'refresh') sql.refresh.run(values);
      return false;
    });
    changed();
    return { job: find(request.key)!, created };
  };

  return {
    enqueue,
    find,
    isQueuedFor: (key, at) => sql.queuedFor.get({ key, at }) !== undefined,
    claim: (kinds) => {
      const now = clock.now();
      const parameters = { kinds: JSON.stringify(kinds), now };
      // Looking is free; only a hit takes the write lock, and looks again under it.
      if (!sql.claimable.get(parameters)) return undefined;
      return database.transaction(() => {
        const row = sql.claimable.get(parameters);
        if (!row) return undefined;
        const owner = `${identity}/${++claims}`;
        sql.claim.run({ jobKey: row.jobKey, owner, leaseExpiresAt: now + leaseMs, now });
        return find(row.key);
      });
    },
    renew: (jobs) =>
      database.transaction(() => {
        const cancelled: number[] = [];
        const lost: number[] = [];
        for (const { jobKey, owner } of jobs) {
          const row = sql.held.get({ jobKey, owner });
          if (!row) lost.push(jobKey);
          else if (row.cancelRequested === 1) cancelled.push(jobKey);
          if (row) sql.renew.run({ jobKey, leaseExpiresAt: clock.now() + leaseMs });
        }
        return { cancelled, lost };
      }),
    setStage: ({ jobKey, owner }, stage) => void sql.setStage.run({ jobKey, owner, stage }),
    complete: (job) => endRun(job, true, () => sql.end.run({ jobKey: job.jobKey, state: 'done', now: clock.now() })),
    fail: (job, thrown) => {
      const error = asPrioraError(thrown);
      return endRun(job, false, (row) => {
        const decision = retryDecision(
          error,
          { tries: row.attempts + 1, deadline: row.deadline },
          clock.now(),
          policyOf(row.kind),
        );
        sql.failed.run({
          jobKey: job.jobKey,
          state: decision.retry ? 'queued' : 'failed',
          runAfter: decision.retry ? decision.runAfter : row.runAfter,
          code: error.code,
          error: error.message,
          finishedAt: decision.retry ? null : clock.now(),
        });
      });
    },
    release: (job) => void endRun(job, false, () => sql.giveBack.run({ jobKey: job.jobKey })),
    cancel: (key) => {
      const done = database.transaction(() => {
        if (sql.cancelQueued.run({ key, now: clock.now() }).changes > 0) return true;
        return sql.requestCancel.run({ key }).changes > 0;
      });
      changed();
      return done;
    },
    retry: (key) => {
      const done = sql.retry.run({ key, now: clock.now() }).changes > 0;
      changed();
      return done;
    },
    reclaim: () => {
      const now = clock.now();
      const count = database.transaction(() => {
        const dead = sql.running
          .all()
          // Our own leases are renewed by us; being late does not make us dead.
          .filter(({ owner }) => !owner!.startsWith(`${identity}/`))
          .filter(({ owner, leaseExpiresAt }) => leaseExpiresAt! <= now || !alive(owner!.replace(/\/\d+$/, '')));
        for (const row of dead) {
          const crashes = row.crashes + 1;
          const given = crashes < policyOf(row.kind).crashTries;
          const died = new PrioraError(
            'CHILD_DIED',
            `the process ended ${crashes} times during ${row.stage ?? row.kind}`,
          );
          if (row.cancelRequested === 1) sql.end.run({ jobKey: row.jobKey, state: 'cancelled', now });
          else
            sql.crashed.run({
              jobKey: row.jobKey,
              state: given ? 'queued' : 'failed',
              code: given ? row.code : died.code,
              error: given ? row.error : died.message,
              finishedAt: given ? null : now,
            });
        }
        return dead.length;
      });
      if (count > 0) changed();
      return count;
    },
    prune: (before) => sql.prune.run({ before }).changes,
    list: ({ state, kind, serialKey, limit } = {}) =>
      sql.list
        .all({ state: state ?? null, kind: kind ?? null, serialKey: serialKey ?? null, limit: limit ?? 1000 })
        .map(jobFrom),
    counts: () => sql.counts.all(),
    nextDue: (kinds) => sql.nextDue.get({ kinds: JSON.stringify(kinds) })?.runAfter ?? undefined,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
