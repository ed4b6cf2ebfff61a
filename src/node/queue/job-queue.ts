import type { Job, JobKind, JobRequest, JobState } from './job.js';

/** What `enqueue` does if the key is known. */
export interface EnqueueOptions {
  /**
   * `keep` [default]: nothing, whatever its state. `refresh`: an unfinished job takes the new payload and times (a
   * running one runs once more when it ends); a finished one is queued again with its attempts reset.
   */
  readonly known?: 'keep' | 'refresh';
}

/**
 * A durable queue; `openQueue` gives the one in SQLite. Every call is one commit, or joins the store's transaction. A
 * method that takes a {@link Job} needs the one that `claim` returned, since it carries the lease.
 */
export interface JobQueue {
  /** @returns the job as it is now; `created` if the key was unknown. */
  enqueue(request: JobRequest, options?: EnqueueOptions): { job: Job; created: boolean };
  /** Leases the best claimable job of these kinds to this process, or returns undefined. */
  claim(kinds: readonly JobKind[]): Job | undefined;
  /**
   * Extends the leases of these jobs; returns the keys of those that are to stop, and of those whose lease was lost.
   */
  renew(jobs: readonly Job[]): { cancelled: number[]; lost: number[] };
  /** Records how far the job has come, for operators. */
  setStage(job: Job, stage: string): void;
  /** The handler returned. Ignored (false) if the lease has been lost. */
  complete(job: Job): boolean;
  /**
   * The handler threw: queued again with backoff or failed, depending on the error's class. Ignored (false) without a
   * lease.
   */
  fail(job: Job, error: unknown): boolean;
  /** Returns a claimed job unharmed (shutdown): no attempt is counted. */
  release(job: Job): void;
  /** Withdraws a queued job; a running one is asked to stop. @returns false if it had already ended. */
  cancel(key: string): boolean;
  /** Queues a finished job again, with its attempts reset. @returns false if it has not ended, or is not known. */
  retry(key: string): boolean;
  /** Returns the jobs of dead processes to the queue: expired leases, and processes of this machine that are gone. */
  reclaim(): number;
  /**
   * Deletes jobs that were done or cancelled before this time, a bounded number per call; failed ones stay for an
   * operator.
   */
  prune(finishedBefore: number): number;
  find(key: string): Job | undefined;
  /** Whether the job is queued for a time no later than `at`: a cheap question, asked for every received instance. */
  isQueuedFor(key: string, at: number): boolean;
  /** Oldest first. */
  list(filter?: { state?: JobState; kind?: JobKind; serialKey?: string; limit?: number }): Job[];
  /** Number of jobs per kind and state. */
  counts(): { kind: JobKind; state: JobState; n: number }[];
  /** When the next queued job of these kinds is due (it may still wait for its turn), or undefined. */
  nextDue(kinds: readonly JobKind[]): number | undefined;
  /** Calls back after a job may have become claimable through this object; returns a function that stops it. */
  onChange(listener: () => void): () => void;
}
