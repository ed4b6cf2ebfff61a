import { accessSync, closeSync, constants, existsSync, fsync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { PrioraError } from './errors.js';
import { asStorageError } from './storage-error.js';

/**
 * Makes a folder that an operator named, with its parents, unless it exists.
 *
 * @param named the setting or option that names it.
 * @throws PrioraError CONFIG_INVALID if it cannot be created or written to.
 */
export function makeNamedFolder(path: string, named: string): void {
  try {
    if (!isFolder(path)) makeFolder(path);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const refused = asStorageError(cause, path);
    if (refused instanceof PrioraError && refused.code === 'STORAGE_FULL') throw refused;
    const { code } = cause as NodeJS.ErrnoException;
    throw new PrioraError('CONFIG_INVALID', `${named}: the folder ${path} cannot be created or written (${code})`, {
      cause,
    });
  }
}

/**
 * Makes a folder and any missing parents so that a power cut does not take them away again: each new name is synced in
 * the folder above it. The name of an existing folder is synced as well, since the process that made it may have been
 * killed before syncing.
 */
export function makeFolder(path: string): void {
  const parent = dirname(path);
  if (!isFolder(path)) {
    if (!existsSync(parent)) makeFolder(parent);
    // Not mkdir's own `recursive`, which retries for ever where the system has no room for folders (below /proc).
    mkdirSync(path);
  }
  syncFolderSync(parent);
}

/** Makes the names in a folder durable. */
export function syncFolderSync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const fsyncAsync = promisify(fsync);

/**
 * The same while the event loop goes on. Only the sync waits for the disk; opening and closing in place saves two trips through
 * the thread pool per instance that is received.
 */
export async function syncFolder(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await fsyncAsync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
