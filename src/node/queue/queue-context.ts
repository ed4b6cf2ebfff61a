import type { Clock } from '../../core/clock.js';
import type { Database } from '../../store/database.js';
import type { JobKind } from './job.js';
import type { RetryPolicy } from './retry-policy.js';

/** What the phases of a job's life share. */
export interface QueueContext {
  readonly database: Database;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly identity: string;
  readonly mayBeAlive: (identity: string) => boolean;
  readonly policyOf: (kind: JobKind) => RetryPolicy;
  /** Tells those who wait that a job may have become claimable. */
  readonly changed: () => void;
}
