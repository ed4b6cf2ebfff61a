import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { asStorageError } from '../core/storage-error.js';
import { openDatabase, type Database } from './database.js';

/**
 * Opens an SQLite file in WAL mode and leaves it and its folder as they were, whether a node has it open or not.
 *
 * A read-only connection needs the write-ahead log and its index next to the file. They exist if a process has the file
 * open, or has died with it. Otherwise the connection would create them, and only one that writes clears them away
 * again; a user who may not write reads a copy, since the file alone then holds everything.
 *
 * @throws PrioraError STORAGE_FAILED, STORAGE_FULL, DATABASE_DAMAGED
 */
export function openDatabaseToRead(path: string): Database {
  const log = `${path}-wal`;
  if (!existsSync(log) && ![dirname(path), path].every(mayWrite)) return openCopy(path);
  const clearLog = () => {
    // A log that holds something belongs to a node, which reads it on its next start.
    if (statSync(log, { throwIfNoEntry: false })?.size === 0) openDatabase(path).close();
  };
  return closingWith(openDatabase(path, { readonly: true }), clearLog);
}

function openCopy(path: string): Database {
  const folder = mkdtempSync(join(tmpdir(), 'priora-index-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const copy = join(folder, basename(path));
  try {
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    return closingWith(openDatabase(copy, { readonly: true }), remove);
  } catch (error) {
    remove();
    throw asStorageError(error, path);
  }
}

const closingWith = (database: Database, finish: () => void): Database => ({
  ...database,
  close: () => {
    database.close();
    finish();
  },
});

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
