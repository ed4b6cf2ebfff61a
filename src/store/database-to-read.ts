import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { asStorageError } from '../core/storage-error.js';
import { openDatabase, type Database } from './database.js';

/**
 * Opens an SQLite file in WAL mode and leaves it and its folder as they were, whether a node has it open or not.
 *
 * A read-only connection needs the write-ahead log and its index beside the file. They are there where a process has the file
 * open, or has died with it. Otherwise the connection makes them, and only one that writes clears them away again; who may not
 * write reads a copy, since the file alone has all there is then.
 *
 * @throws PrioraError STORAGE_FAILED, STORAGE_FULL, DATABASE_DAMAGED
 */
export function openDatabaseToRead(path: string): Database {
  const log = `${path}-wal`;
  if (!existsSync(log) && ![dirname(path), path].every(mayWrite)) return openCopy(path);
  const clearLog = () => {
    // One that holds something is a node's, to be read again when it starts.
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
    throw asStorageError(error);
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
