import { PrioraError } from '../../core/errors.js';
import type { JobQueue } from './job-queue.js';
import { machineRestartedSince } from './process-identity.js';
import type { QueueContext } from './queue-context.js';
import { noLease, selectJobs } from './stored-job.js';

/**
 * Jobs come back from processes that died. A process that takes its job down with it again and again is not given it for
 * ever; that the machine was started again is nobody's fault and is not counted.
 */
export function reclaiming(context: QueueContext): Pick<JobQueue, 'reclaim'> {
  const { database, clock, identity, mayBeAlive, policyOf, changed } = context;
  const running = selectJobs(database, "WHERE state = 'running' ORDER BY leaseExpiresAt");
  const withdraw = database.prepare(
    `UPDATE jobs SET state = 'cancelled', ${noLease}, requeueAfter = NULL, finishedAt = :now WHERE jobKey = :jobKey`,
  );
  const crashed = database.prepare(
    `UPDATE jobs SET state = :state, ${noLease}, crashes = :crashes, code = :code, error = :error,
       runAfter = coalesce(requeueAfter, runAfter), requeueAfter = NULL, finishedAt = :finishedAt
     WHERE jobKey = :jobKey`,
  );
  return {
    reclaim: () => {
      const now = clock.now();
      const count = database.transaction(() => {
        const orphans = running
          .all()
          // Our own leases are renewed by us; that we are late does not make us dead.
          .filter(({ owner }) => !owner!.startsWith(`${identity}/`))
          .filter(({ owner, leaseExpiresAt }) => leaseExpiresAt! <= now || !mayBeAlive(owner!.replace(/\/\d+$/, '')));
        for (const { jobKey, kind, stage, code, error, cancelRequested, ...row } of orphans) {
          const crashes = row.crashes + (machineRestartedSince(row.owner!) ? 0 : 1);
          const died = new PrioraError('CHILD_DIED', `the process ended ${crashes} times during ${stage ?? kind}`);
          if (cancelRequested === 1) withdraw.run({ jobKey, now });
          else
            crashed.run(
              crashes < policyOf(kind).crashTries
                ? { jobKey, state: 'queued', crashes, code, error, finishedAt: null }
                : { jobKey, state: 'failed', crashes, code: died.code, error: died.message, finishedAt: now },
            );
        }
        return orphans.length;
      });
      if (count > 0) changed();
      return count;
    },
  };
}
