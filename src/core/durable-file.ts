import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder, syncFolderSync } from './folder.js';
import { asStorageError } from './storage-error.js';

/**
 * Writes a whole file so that after a power cut it is either complete or absent: folder, temporary file, fsync, rename,
 * fsync of the folder. Writing the same bytes again is harmless. Leftovers of a process killed on the way are removed.
 *
 * @throws PrioraError STORAGE_FULL or STORAGE_FAILED; nothing half-written stays.
 */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    makeFolder(folder);
    for (const name of readdirSync(folder)) if (isTemporary(name, path)) rmSync(join(folder, name), { force: true });
    writeSynced(temporary, bytes);
    renameSync(temporary, path);
    syncFolderSync(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw asStorageError(error, path);
  }
}

const isTemporary = (name: string, path: string): boolean =>
  name.startsWith(basename(path)) && /^\.\d+\.tmp$/.test(name.slice(basename(path).length));

function writeSynced(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
