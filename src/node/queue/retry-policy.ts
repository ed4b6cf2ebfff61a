import type { PrioraError } from '../../core/errors.js';

/** When and how often a failed job is retried; the class of the error chooses the rule (core/errors.ts). */
export interface RetryPolicy {
  /** Delay after the first transient failure; doubles each time. */
  readonly firstDelayMs: number;
  /** Longest delay between two attempts. */
  readonly longestDelayMs: number;
  /** Runs allowed to end in a transient error (a job's own deadline may end it earlier). */
  readonly transientTries: number;
  /** Runs allowed to end in an error nobody understands. */
  readonly ambiguousTries: number;
  /** Runs allowed to take their process down with them. */
  readonly crashTries: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  firstDelayMs: 5_000,
  longestDelayMs: 600_000,
  transientTries: 200,
  ambiguousTries: 3,
  // Generous: most processes that die are killed from outside, and their jobs are not why.
  crashTries: 10,
};

export type RetryDecision = { retry: true; runAfter: number } | { retry: false };

/** Exponential, without jitter: the same history gives the same schedule. `tries` includes the failed run itself. */
export function backoffMs(tries: number, { firstDelayMs, longestDelayMs }: RetryPolicy): number {
  return Math.min(firstDelayMs * 2 ** Math.min(tries - 1, 40), longestDelayMs);
}

/**
 * Whether a job runs again after its failure number `tries`.
 *
 * @param job.deadline no transient retry starts after it.
 */
export function retryDecision(
  error: PrioraError,
  job: { tries: number; deadline: number | null },
  now: number,
  policy: RetryPolicy = defaultRetryPolicy,
): RetryDecision {
  const runAfter = now + backoffMs(job.tries, policy);
  switch (error.class) {
    case 'permanent':
      return { retry: false };
    case 'ambiguous':
      return job.tries < policy.ambiguousTries ? { retry: true, runAfter } : { retry: false };
    case 'transient':
      if (job.tries >= policy.transientTries || (job.deadline !== null && runAfter > job.deadline))
        return { retry: false };
      return { retry: true, runAfter };
  }
}
