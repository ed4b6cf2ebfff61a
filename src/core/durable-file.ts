import { mkdirSync, openSync, closeSync, fsyncSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { asStorageError } from './storage-error.js';

/**
 * Writes a whole file so that after a power cut it is there complete or not at all: temporary file, fsync, rename, fsync of the
 * folder. The same bytes again are harmless.
 *
 * @throws PrioraError STORAGE_FULL or STORAGE_FAILED; nothing half-written stays.
 */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true });
    writeSynced(temporary, bytes);
    renameSync(temporary, path);
    syncFolder(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw asStorageError(error);
  }
}

function writeSynced(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a folder durable. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
