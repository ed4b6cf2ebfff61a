import { asPrioraError } from '../../core/errors.js';
import type { Job } from './job.js';
import type { JobQueue } from './job-queue.js';
import type { QueueContext } from './queue-context.js';
import { retryDecision } from './retry-policy.js';
import { freshRun, noLease, selectJobs, type StoredJob } from './stored-job.js';

/** Ending a run: with success, with an error, or because its process stops. */
export function endingRuns(context: QueueContext): Pick<JobQueue, 'complete' | 'fail' | 'release'> {
  const { database, clock, policyOf, changed } = context;
  const heldBy = selectJobs(database, "WHERE jobKey = :jobKey AND state = 'running' AND owner = :owner");
  const end = database.prepare(
    `UPDATE jobs SET state = :state, ${noLease}, requeueAfter = NULL, finishedAt = :now WHERE jobKey = :jobKey`,
  );
  const runOnceMore = database.prepare(
    `UPDATE jobs SET state = 'queued', ${noLease}, runAfter = :runAfter, ${freshRun} WHERE jobKey = :jobKey`,
  );
  const giveBack = database.prepare(`UPDATE jobs SET state = 'queued', ${noLease} WHERE jobKey = :jobKey`);
  const failed = database.prepare(
    `UPDATE jobs SET state = :state, ${noLease}, runAfter = :runAfter, attempts = attempts + 1, code = :code,
       error = :error, finishedAt = :finishedAt WHERE jobKey = :jobKey`,
  );

  /** Ends the run if its lease still holds. `next` decides how, unless the job was cancelled or refreshed meanwhile. */
  const endRun = ({ jobKey, owner }: Job, succeeded: boolean, next: (row: StoredJob) => void): boolean => {
    const held = database.transaction(() => {
      const row = heldBy.get({ jobKey, owner });
      if (!row) return false;
      if (row.cancelRequested === 1 && !succeeded) end.run({ jobKey, state: 'cancelled', now: clock.now() });
      else if (row.requeueAfter !== null) runOnceMore.run({ jobKey, runAfter: row.requeueAfter });
      else next(row);
      return true;
    });
    changed();
    return held;
  };

  return {
    complete: (job) => endRun(job, true, ({ jobKey }) => void end.run({ jobKey, state: 'done', now: clock.now() })),
    fail: (job, thrown) => {
      const { code, message } = asPrioraError(thrown);
      return endRun(job, false, ({ jobKey, attempts, deadline, kind, runAfter }) => {
        const now = clock.now();
        const decision = retryDecision(asPrioraError(thrown), { tries: attempts + 1, deadline }, now, policyOf(kind));
        failed.run(
          decision.retry
            ? { jobKey, state: 'queued', runAfter: decision.runAfter, code, error: message, finishedAt: null }
            : { jobKey, state: 'failed', runAfter, code, error: message, finishedAt: now },
        );
      });
    },
    release: (job) => void endRun(job, false, ({ jobKey }) => void giveBack.run({ jobKey })),
  };
}
