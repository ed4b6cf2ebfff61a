import type { Database } from '../../store/database.js';
import type { Job, JobState } from './job.js';

/** A job as its table holds it. */
export type StoredJob = Omit<Job, 'payload' | 'cancelRequested'> & {
  readonly payload: string;
  readonly cancelRequested: 0 | 1;
};

/**
 * The hot statement. A job with a serial key is claimable only if no other unfinished job of that key is running or
 * comes before it: one range of `jobsSerial`, whose first row nearly always decides.
 */
export const claimableSQL = `
  SELECT jobKey, key FROM jobs AS job
  WHERE state = 'queued' AND kind IN (SELECT value FROM json_each(:kinds)) AND runAfter <= :now
    AND (serialKey IS NULL OR NOT EXISTS (
      SELECT 1 FROM jobs AS other
      WHERE other.serialKey = job.serialKey AND other.state IN ('queued', 'running') AND other.jobKey <> job.jobKey
        AND (other.state = 'running' OR (other.orderKey, other.jobKey) < (job.orderKey, job.jobKey))))
  ORDER BY priority DESC, runAfter, orderKey, jobKey LIMIT 1`;

/** All statements of the queue, prepared once. */
export function jobStatements(database: Database) {
  const columns = `jobKey, key, kind, payload, state, priority, runAfter, serialKey, orderKey, stage, attempts, crashes,
    owner, leaseExpiresAt, requeueAfter, cancelRequested, deadline, code, error, createdAt, startedAt, finishedAt`;
  const noLease = 'owner = NULL, leaseExpiresAt = NULL';
  const freshRun = `attempts = 0, crashes = 0, requeueAfter = NULL, cancelRequested = 0, stage = NULL, code = NULL,
    error = NULL, finishedAt = NULL`;
  return {
    byKey: database.prepare<StoredJob>(`SELECT ${columns} FROM jobs WHERE key = :key`),
    queuedFor: database.prepare(`SELECT 1 FROM jobs WHERE key = :key AND state = 'queued' AND runAfter <= :at`),
    held: database.prepare<StoredJob>(
      `SELECT ${columns} FROM jobs WHERE jobKey = :jobKey AND state = 'running' AND owner = :owner`,
    ),
    running: database.prepare<StoredJob>(`SELECT ${columns} FROM jobs WHERE state = 'running' ORDER BY leaseExpiresAt`),
    claimable: database.prepare<{ jobKey: number; key: string }>(claimableSQL),
    insert: database.prepare(
      `INSERT INTO jobs (key, kind, payload, state, priority, runAfter, serialKey, orderKey, deadline, createdAt)
       VALUES (:key, :kind, :payload, 'queued', :priority, :runAfter, :serialKey, :orderKey, :deadline, :now)
       ON CONFLICT (key) DO NOTHING`,
    ),
    // A running job keeps its lease and runs once more afterwards; in any other state it is queued afresh.
    refresh: database.prepare(
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
    ),
    claim: database.prepare(
      `UPDATE jobs SET state = 'running', owner = :owner, leaseExpiresAt = :leaseExpiresAt, startedAt = :now
       WHERE jobKey = :jobKey`,
    ),
    renew: database.prepare('UPDATE jobs SET leaseExpiresAt = :leaseExpiresAt WHERE jobKey = :jobKey'),
    setStage: database.prepare(
      "UPDATE jobs SET stage = :stage WHERE jobKey = :jobKey AND state = 'running' AND owner = :owner",
    ),
    end: database.prepare(
      `UPDATE jobs SET state = :state, ${noLease}, requeueAfter = NULL, finishedAt = :now WHERE jobKey = :jobKey`,
    ),
    restart: database.prepare(
      `UPDATE jobs SET state = 'queued', ${noLease}, runAfter = :runAfter, ${freshRun} WHERE jobKey = :jobKey`,
    ),
    giveBack: database.prepare(`UPDATE jobs SET state = 'queued', ${noLease} WHERE jobKey = :jobKey`),
    failed: database.prepare(
      `UPDATE jobs SET state = :state, ${noLease}, runAfter = :runAfter, attempts = attempts + 1, code = :code,
         error = :error, finishedAt = :finishedAt WHERE jobKey = :jobKey`,
    ),
    crashed: database.prepare(
      `UPDATE jobs SET state = :state, ${noLease}, crashes = crashes + 1, code = :code, error = :error,
         runAfter = coalesce(requeueAfter, runAfter), requeueAfter = NULL, finishedAt = :finishedAt
       WHERE jobKey = :jobKey`,
    ),
    cancelQueued: database.prepare(
      "UPDATE jobs SET state = 'cancelled', finishedAt = :now WHERE key = :key AND state = 'queued'",
    ),
    requestCancel: database.prepare("UPDATE jobs SET cancelRequested = 1 WHERE key = :key AND state = 'running'"),
    retry: database.prepare(
      `UPDATE jobs SET state = 'queued', runAfter = :now, ${freshRun}
       WHERE key = :key AND state IN ('failed', 'cancelled', 'done')`,
    ),
    prune: database.prepare(
      `DELETE FROM jobs WHERE jobKey IN
         (SELECT jobKey FROM jobs WHERE state IN ('done', 'cancelled') AND finishedAt < :before LIMIT 1000)`,
    ),
    list: database.prepare<StoredJob>(
      `SELECT ${columns} FROM jobs WHERE (:state IS NULL OR state = :state) AND (:kind IS NULL OR kind = :kind)
         AND (:serialKey IS NULL OR serialKey = :serialKey) ORDER BY jobKey LIMIT :limit`,
    ),
    counts: database.prepare<{ kind: string; state: JobState; n: number }>(
      'SELECT kind, state, count(*) AS n FROM jobs GROUP BY kind, state ORDER BY kind, state',
    ),
    nextDue: database.prepare<{ runAfter: number | null }>(
      `SELECT min(runAfter) AS runAfter FROM jobs
       WHERE state = 'queued' AND kind IN (SELECT value FROM json_each(:kinds))`,
    ),
  };
}
