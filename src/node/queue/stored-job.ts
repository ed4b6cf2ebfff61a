import type { Database } from '../../store/database.js';
import { parseJson } from '../../store/json-column.js';
import { jobPayloads, type Job } from './job.js';

/** A job as its table holds it. */
export type StoredJob = Omit<Job, 'payload' | 'cancelRequested'> & {
  readonly payload: string;
  readonly cancelRequested: 0 | 1;
};

const columns = `jobKey, key, kind, payload, state, priority, runAfter, serialKey, orderKey, stage, attempts, crashes,
  owner, leaseExpiresAt, requeueAfter, cancelRequested, deadline, code, error, createdAt, startedAt, finishedAt`;

/** Rows of the table that meet a condition, in some order. */
export const selectJobs = (database: Database, conditionAndOrder: string) =>
  database.prepare<StoredJob>(`SELECT ${columns} FROM jobs ${conditionAndOrder}`);

/**
 * A row as the users of the queue see it. Its payload is read when it is asked for: one that cannot be read
 * (DATABASE_DAMAGED) fails the job that needs it, and not a list that only shows it.
 */
export function jobFrom({ payload, cancelRequested, ...row }: StoredJob): Job {
  return {
    ...row,
    cancelRequested: cancelRequested === 1,
    get payload() {
      return parseJson(jobPayloads[row.kind], payload, `jobs.payload of ${row.key}`);
    },
  } as Job;
}

/** Assignments of an `UPDATE`: no process holds the job. */
export const noLease = 'owner = NULL, leaseExpiresAt = NULL';

/** Assignments of an `UPDATE`: earlier attempts are reset. */
export const freshRun = `attempts = 0, crashes = 0, requeueAfter = NULL, cancelRequested = 0, stage = NULL, code = NULL,
  error = NULL, finishedAt = NULL`;
