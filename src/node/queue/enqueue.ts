import type { JobQueue } from './job-queue.js';
import type { QueueContext } from './queue-context.js';
import { jobFrom, selectJobs } from './stored-job.js';

/** Enqueueing: jobs enter the queue. */
export function enqueueing({ database, clock, changed }: QueueContext): Pick<JobQueue, 'enqueue'> {
  const byKey = selectJobs(database, 'WHERE key = :key');
  const insert = database.prepare(
    `INSERT INTO jobs (key, kind, payload, state, priority, runAfter, serialKey, orderKey, deadline, createdAt)
     VALUES (:key, :kind, :payload, 'queued', :priority, :runAfter, :serialKey, :orderKey, :deadline, :now)
     ON CONFLICT (key) DO NOTHING`,
  );
  // A running job keeps its lease and runs once more afterwards; in every other state it is queued afresh.
  const refresh = database.prepare(
    `UPDATE jobs SET payload = :payload, priority = :priority, serialKey = :serialKey, orderKey = :orderKey,
       deadline = :deadline,
       requeueAfter = CASE state WHEN 'running' THEN :runAfter END,
       runAfter = CASE state WHEN 'running' THEN runAfter ELSE :runAfter END,
       attempts = CASE state WHEN 'running' THEN attempts ELSE 0 END,
       crashes = CASE state WHEN 'running' THEN crashes ELSE 0 END,
       code = CASE state WHEN 'running' THEN code END,
       error = CASE state WHEN 'running' THEN error END,
       finishedAt = NULL,
       cancelRequested = 0,
       state = CASE state WHEN 'running' THEN 'running' ELSE 'queued' END
     WHERE key = :key`,
  );
  return {
    enqueue: (request, { known = 'keep' } = {}) => {
      const now = clock.now();
      const values = {
        key: request.key,
        kind: request.kind,
        payload: JSON.stringify(request.payload),
        priority: request.priority ?? 0,
        runAfter: request.runAfter ?? now,
        serialKey: request.serialKey ?? null,
        orderKey: request.orderKey ?? 0,
        deadline: request.deadline ?? null,
        now,
      };
      const created = database.transaction(() => {
        if (insert.run(values).changes > 0) return true;
        if (known === 'refresh') refresh.run(values);
        return false;
      });
      changed();
      return { job: jobFrom(byKey.get({ key: request.key })!), created };
    },
  };
}
