import type { JobQueue } from './job-queue.js';
import type { QueueContext } from './queue-context.js';
import { freshRun } from './stored-job.js';

/** Intervening: an operator withdraws jobs or runs them again, and old ones are deleted. */
export function intervening(context: QueueContext): Pick<JobQueue, 'cancel' | 'retry' | 'prune'> {
  const { database, clock, changed } = context;
  const cancelQueued = database.prepare(
    "UPDATE jobs SET state = 'cancelled', finishedAt = :now WHERE key = :key AND state = 'queued'",
  );
  const requestCancel = database.prepare("UPDATE jobs SET cancelRequested = 1 WHERE key = :key AND state = 'running'");
  const retry = database.prepare(
    `UPDATE jobs SET state = 'queued', runAfter = :now, ${freshRun}
     WHERE key = :key AND state IN ('failed', 'cancelled', 'done')`,
  );
  const prune = database.prepare(
    `DELETE FROM jobs WHERE jobKey IN
       (SELECT jobKey FROM jobs WHERE state IN ('done', 'cancelled') AND finishedAt < :before LIMIT 1000)`,
  );
  return {
    cancel: (key) => {
      const done = database.transaction(
        () => cancelQueued.run({ key, now: clock.now() }).changes > 0 || requestCancel.run({ key }).changes > 0,
      );
      changed();
      return done;
    },
    retry: (key) => {
      const done = retry.run({ key, now: clock.now() }).changes > 0;
      changed();
      return done;
    },
    prune: (before) => prune.run({ before }).changes,
  };
}
