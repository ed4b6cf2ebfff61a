import { systemClock, type Clock } from '../../core/clock.js';
import type { Database } from '../../store/database.js';
import { claiming } from './claim.js';
import { endingRuns } from './end-run.js';
import { enqueueing } from './enqueue.js';
import { intervening } from './intervene.js';
import type { JobKind } from './job.js';
import type { JobQueue } from './job-queue.js';
import { looking } from './look.js';
import { mayBeAlive, processIdentity } from './process-identity.js';
import type { QueueContext } from './queue-context.js';
import { reclaiming } from './reclaim.js';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.js';

export interface QueueOptions {
  readonly clock?: Clock;
  readonly retry?: Partial<RetryPolicy>;
  /** Retry rules of kinds that differ from `retry`, e.g. deliveries. */
  readonly retryByKind?: { readonly [Kind in JobKind]?: Partial<RetryPolicy> };
  /** How long a claim holds without `renew` [60 s]. */
  readonly leaseMs?: number;
  /** Who claims [this process]. */
  readonly identity?: string;
  /** Whether an owner may still be running [asks the operating system]. */
  readonly mayBeAlive?: (identity: string) => boolean;
}

/** The durable queue in the store's database: a job is enqueued, claimed, ended, and reclaimed if its process dies. */
export function openQueue(store: { readonly database: Database }, options: QueueOptions = {}): JobQueue {
  const listeners = new Set<() => void>();
  const context: QueueContext = {
    database: store.database,
    clock: options.clock ?? systemClock,
    leaseMs: options.leaseMs ?? 60_000,
    identity: options.identity ?? processIdentity(),
    mayBeAlive: options.mayBeAlive ?? mayBeAlive,
    policyOf: (kind) => ({ ...defaultRetryPolicy, ...options.retry, ...options.retryByKind?.[kind] }),
    changed: () => listeners.forEach((listener) => listener()),
  };
  return {
    ...enqueueing(context),
    ...claiming(context),
    ...endingRuns(context),
    ...reclaiming(context),
    ...intervening(context),
    ...looking(context),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
