import BetterSqlite3 from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { asStorageError } from '../core/storage-error.js';

/** One prepared statement. Parameters are named (`:PatientID`) and passed as one object. */
export interface Statement<Row = unknown> {
  get(parameters?: object): Row | undefined;
  all(parameters?: object): Row[];
  /** Rows changed, and the key of the row inserted last. */
  run(parameters?: object): { changes: number; lastInsertRowid: number | bigint };
}

/** What the tables and the job queue need from a database: this project's door to better-sqlite3. */
export interface Database {
  prepare<Row = unknown>(sql: string): Statement<Row>;
  /** Statements without parameters or result. */
  execute(sql: string): void;
  /**
   * Runs `work` in one IMMEDIATE transaction (the write lock is taken first, so that two processes never deadlock);
   * inside another transaction it joins that one. Committed when `work` returns, rolled back when it throws.
   *
   * @throws PrioraError STORAGE_FULL or STORAGE_FAILED if SQLite cannot write, DATABASE_DAMAGED
   * @throws TypeError if `work` is asynchronous: what it does after its first `await` would not be part of the
   *   transaction.
   */
  transaction<T>(work: () => T): T;
  close(): void;
}

/**
 * Opens or creates the SQLite file. WAL lets the worker and the command line read while the node writes;
 * synchronous=FULL makes a commit durable before it returns, which is what a C-STORE Success promises.
 *
 * @throws PrioraError STORAGE_FAILED, STORAGE_FULL, DATABASE_DAMAGED
 */
export function openDatabase(path: string, options: { readonly?: boolean } = {}): Database {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw asStorageError(error, path);
    }
  };
  const connection = guarded(() => {
    if (path !== ':memory:' && !options.readonly) mkdirSync(dirname(path), { recursive: true });
    return connect(path, options.readonly ?? false);
  });
  // Made once, because better-sqlite3 builds four functions for each call of `transaction`.
  const inTransaction = connection.transaction((work: () => unknown) => synchronous(work));
  return {
    prepare: <Row>(sql: string): Statement<Row> => {
      const statement = connection.prepare(sql);
      return {
        get: (parameters = {}) => guarded(() => statement.get(parameters) as Row | undefined),
        all: (parameters = {}) => guarded(() => statement.all(parameters) as Row[]),
        run: (parameters = {}) => guarded(() => statement.run(parameters)),
      };
    },
    execute: (sql) => guarded(() => connection.exec(sql)),
    transaction: <T>(work: () => T) =>
      connection.inTransaction ? synchronous(work) : guarded(() => inTransaction.immediate(work) as T),
    close: () => connection.close(),
  };
}

function synchronous<T>(work: () => T): T {
  const result = work();
  if (result instanceof Promise) {
    // It is refused because of what it is, whatever becomes of it.
    result.catch(() => undefined);
    throw new TypeError('a transaction was given an asynchronous function');
  }
  return result;
}

function connect(path: string, readonly: boolean): BetterSqlite3.Database {
  const connection = new BetterSqlite3(path, readonly ? { readonly: true, fileMustExist: true } : {});
  // Before anything else: another process may be migrating or committing.
  connection.pragma('busy_timeout = 10000');
  if (!readonly) connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('cache_size = -32000');
  return connection;
}
