import type { JobQueue } from './job-queue.js';
import type { QueueContext } from './queue-context.js';
import { jobFrom, selectJobs } from './stored-job.js';

/**
 * The hot statement. A job with a serial key is claimable only if no other unfinished job of that key is running or
 * comes before it: one range of `jobsSerial`, whose first row nearly always decides.
 */
export const claimableSQL = `
  SELECT jobKey FROM jobs AS job
  WHERE state = 'queued' AND kind IN (SELECT value FROM json_each(:kinds)) AND runAfter <= :now
    AND (serialKey IS NULL OR NOT EXISTS (
      SELECT 1 FROM jobs AS other
      WHERE other.serialKey = job.serialKey AND other.state IN ('queued', 'running') AND other.jobKey <> job.jobKey
        AND (other.state = 'running' OR (other.orderKey, other.jobKey) < (job.orderKey, job.jobKey))))
  ORDER BY priority DESC, runAfter, orderKey, jobKey LIMIT 1`;

/** Claiming: a process takes jobs, and keeps them while it works on them. */
export function claiming(context: QueueContext): Pick<JobQueue, 'claim' | 'renew' | 'setStage'> {
  const { database, clock, leaseMs, identity } = context;
  const claimable = database.prepare<{ jobKey: number }>(claimableSQL);
  const byJobKey = selectJobs(database, 'WHERE jobKey = :jobKey');
  const heldBy = selectJobs(database, "WHERE jobKey = :jobKey AND state = 'running' AND owner = :owner");
  const claim = database.prepare(
    `UPDATE jobs SET state = 'running', owner = :owner, leaseExpiresAt = :leaseExpiresAt, startedAt = :now
     WHERE jobKey = :jobKey`,
  );
  const renew = database.prepare('UPDATE jobs SET leaseExpiresAt = :leaseExpiresAt WHERE jobKey = :jobKey');
  const setStage = database.prepare(
    "UPDATE jobs SET stage = :stage WHERE jobKey = :jobKey AND state = 'running' AND owner = :owner",
  );
  let claims = 0;
  return {
    claim: (kinds) => {
      const now = clock.now();
      const parameters = { kinds: JSON.stringify(kinds), now };
      // Looking is free; only a hit takes the write lock, and looks again under it.
      if (!claimable.get(parameters)) return undefined;
      return database.transaction(() => {
        const found = claimable.get(parameters);
        if (!found) return undefined;
        claim.run({ ...found, owner: `${identity}/${++claims}`, leaseExpiresAt: now + leaseMs, now });
        return jobFrom(byJobKey.get(found)!);
      });
    },
    renew: (jobs) =>
      database.transaction(() => {
        const cancelled: number[] = [];
        const lost: number[] = [];
        for (const { jobKey, owner } of jobs) {
          const row = heldBy.get({ jobKey, owner });
          if (!row) lost.push(jobKey);
          else if (row.cancelRequested === 1) cancelled.push(jobKey);
          if (row) renew.run({ jobKey, leaseExpiresAt: clock.now() + leaseMs });
        }
        return { cancelled, lost };
      }),
    setStage: ({ jobKey, owner }, stage) => void setStage.run({ jobKey, owner, stage }),
  };
}
