import type { JobKind, JobState } from './job.js';
import type { JobQueue } from './job-queue.js';
import type { QueueContext } from './queue-context.js';
import { jobFrom, selectJobs } from './stored-job.js';

/** Questions about the queue; they change nothing. */
export function looking({
  database,
}: QueueContext): Pick<JobQueue, 'find' | 'isQueuedFor' | 'list' | 'counts' | 'nextDue'> {
  const byKey = selectJobs(database, 'WHERE key = :key');
  const queuedFor = database.prepare("SELECT 1 FROM jobs WHERE key = :key AND state = 'queued' AND runAfter <= :at");
  const list = selectJobs(
    database,
    `WHERE (:state IS NULL OR state = :state) AND (:kind IS NULL OR kind = :kind)
       AND (:serialKey IS NULL OR serialKey = :serialKey) ORDER BY jobKey LIMIT :limit`,
  );
  const counts = database.prepare<{ kind: JobKind; state: JobState; n: number }>(
    'SELECT kind, state, count(*) AS n FROM jobs GROUP BY kind, state ORDER BY kind, state',
  );
  const nextDue = database.prepare<{ runAfter: number | null }>(
    `SELECT min(runAfter) AS runAfter FROM jobs
     WHERE state = 'queued' AND kind IN (SELECT value FROM json_each(:kinds))`,
  );
  return {
    find: (key) => {
      const row = byKey.get({ key });
      return row && jobFrom(row);
    },
    isQueuedFor: (key, at) => queuedFor.get({ key, at }) !== undefined,
    list: ({ state = null, kind = null, serialKey = null, limit = 1000 } = {}) =>
      list.all({ state, kind, serialKey, limit }).map(jobFrom),
    counts: () => counts.all(),
    nextDue: (kinds) => nextDue.get({ kinds: JSON.stringify(kinds) })?.runAfter ?? undefined,
  };
}
