import BetterSqlite3 from 'better-sqlite3';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PrioraError } from '../core/errors.js';
import { asStorageError } from '../core/storage-error.js';

/** The one process that receives, computes and delivers for a data folder. */
export interface DataFolderLock {
  release(): void;
}

/**
 * Makes this process the only node of a data folder until it ends, however it ends. The lock is one of the operating system's on a
 * file of its own, held by an open transaction; the file also says who holds it.
 *
 * @throws PrioraError DATA_FOLDER_IN_USE naming the process that has it; STORAGE_FULL, STORAGE_FAILED
 */
export function lockDataFolder(dataDir: string, now: number): DataFolderLock {
  const path = join(dataDir, 'node.lock');
  let connection: BetterSqlite3.Database | undefined;
  try {
    connection = new BetterSqlite3(path, { timeout: 1000 });
    connection.exec(
      `BEGIN IMMEDIATE;
       CREATE TABLE IF NOT EXISTS holder (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL) STRICT;`,
    );
    const name = `process ${process.pid} on ${hostname()}, running since ${new Date(now).toISOString()}`;
    connection.prepare('INSERT OR REPLACE INTO holder VALUES (1, ?)').run(name);
    // Others can read who holds the lock only once that is committed.
    connection.exec('COMMIT; BEGIN IMMEDIATE');
    const held = connection;
    return { release: () => held.close() };
  } catch (error) {
    const holder = connection && holderOf(connection);
    connection?.close();
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw asStorageError(error, path);
    throw new PrioraError('DATA_FOLDER_IN_USE', `${dataDir} belongs to ${holder ?? 'another process'}`, {
      cause: error,
    });
  }
}

function holderOf(connection: BetterSqlite3.Database): string | undefined {
  try {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    return connection.prepare<[], { name: string }>('SELECT name FROM holder').get()?.name;
  } catch {
    // The other process is just taking the lock.
    return undefined;
  }
}
