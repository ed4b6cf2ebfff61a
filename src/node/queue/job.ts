import { z } from 'zod';
import type { ErrorCode } from '../../core/errors.js';

/**
 * What each kind of job needs to know; its handler reads everything else from the index when it runs.
 *
 * - `complete`: judge whether a series has fully arrived;
 * - `analyse`: analyse a study;
 * - `deliver`: send a case's objects to a destination;
 * - `forward`: send a series to a destination as received.
 */
export const jobPayloads = {
  complete: z.object({ SeriesInstanceUID: z.string() }),
  analyse: z.object({ StudyInstanceUID: z.string() }),
  deliver: z.object({ destination: z.string(), caseKey: z.number() }),
  forward: z.object({ destination: z.string(), SeriesInstanceUID: z.string() }),
} as const;

export type JobKind = keyof typeof jobPayloads;
export type JobPayloads = { readonly [Kind in JobKind]: Readonly<z.output<(typeof jobPayloads)[Kind]>> };

/** A kind with its payload. */
type OfKind<Kind extends JobKind> = {
  [Each in Kind]: { readonly kind: Each; readonly payload: JobPayloads[Each] };
}[Kind];

/**
 * - `queued`: waits for its time (`runAfter`), its turn (`serialKey`) and a worker;
 * - `running`: leased to one process; if the lease expires, or its process is dead, the job returns to the queue;
 * - `done`: its handler returned;
 * - `failed`: a permanent error, or the retries are used up: needs an operator, `priora retry` queues it again;
 * - `cancelled`: withdrawn before it was done.
 */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** What is to be done. Two requests with the same `key` are the same job. */
export type JobRequest = OfKind<JobKind> & {
  /** Names the job permanently, e.g. `analyse:1.2.840…`. */
  readonly key: string;
  /** Higher runs first [0]. */
  readonly priority?: number;
  /** Not before this time, ms since the epoch [now]. */
  readonly runAfter?: number;
  /** Jobs with the same serial key (a patient) run one at a time, in order of `orderKey` (acquisition time) [none]. */
  readonly serialKey?: string;
  /** [0] */
  readonly orderKey?: number;
  /** A transient failure is not retried after this time, ms since the epoch [none]. */
  readonly deadline?: number;
};

/** A job as the queue has it, of one kind or of any. */
export type Job<Kind extends JobKind = JobKind> = OfKind<Kind> & JobColumns;

interface JobColumns {
  readonly jobKey: number;
  readonly key: string;
  readonly state: JobState;
  readonly priority: number;
  readonly runAfter: number;
  readonly serialKey: string | null;
  readonly orderKey: number;
  /** What the handler last reported. */
  readonly stage: string | null;
  /** Runs that ended in an error. */
  readonly attempts: number;
  /** Runs whose process died. */
  readonly crashes: number;
  readonly owner: string | null;
  readonly leaseExpiresAt: number | null;
  /** If refreshed while running: when it runs once more. */
  readonly requeueAfter: number | null;
  readonly cancelRequested: boolean;
  readonly deadline: number | null;
  readonly code: ErrorCode | null;
  readonly error: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}
