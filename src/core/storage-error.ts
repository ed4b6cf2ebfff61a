import { statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PrioraError } from './errors.js';

const noSpace = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
/** Refusals to write, in words. */
const noWrite: Readonly<Record<string, string>> = {
  EROFS: 'the volume is mounted read-only',
  EIO: 'the volume reports an input/output error',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EMFILE: 'this process has too many files open',
  ENFILE: 'the system has too many files open',
  SQLITE_READONLY: 'it may only be read',
  SQLITE_CANTOPEN: 'it cannot be opened or created',
  SQLITE_IOERR: 'the volume reports an input/output error',
};
const damaged = new Set(['SQLITE_NOTADB', 'SQLITE_CORRUPT']);

/**
 * Turns a refusal of the file system or SQLite into STORAGE_FULL, STORAGE_FAILED or DATABASE_DAMAGED; any other error
 * is unchanged.
 *
 * @param path what was to be written or read [what the error names].
 */
export function asStorageError(error: unknown, path = (error as { path?: string } | null)?.path): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof PrioraError || typeof code !== 'string') return error;
  const refusal = noWrite[code.startsWith('SQLITE_IOERR') ? 'SQLITE_IOERR' : code];
  const named = path ?? 'a file';
  if (noSpace.has(code) || (refusal !== undefined && path !== undefined && isFull(path)))
    return new PrioraError(
      'STORAGE_FULL',
      `no space left for ${named}${path === undefined ? '' : `: ${volumeText(path)}`}`,
      {
        cause: error,
      },
    );
  if (refusal !== undefined)
    return new PrioraError('STORAGE_FAILED', `${named} cannot be written: ${refusal}`, { cause: error });
  if (damaged.has(code))
    return new PrioraError('DATABASE_DAMAGED', `${named} is not a database, or a damaged one`, { cause: error });
  return error;
}

/** Less room than this (bytes) is none: SQLite says that it cannot open its files rather than that the volume is full. */
const nothing = 2 ** 20;

const isFull = (path: string): boolean => (freeBytes(path) ?? Infinity) < nothing;

/** The room on the volume that holds, or would hold, a file, bytes; undefined if the system does not say. */
function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(existing(path));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function volumeText(path: string): string {
  try {
    const { bavail, blocks, bsize } = statfsSync(existing(path));
    const megabytes = (count: number) => `${Math.floor((count * bsize) / 1e6)} MB`;
    return `${megabytes(bavail)} of the ${megabytes(blocks)} on volume ${mountPoint(existing(path))} are free`;
  } catch {
    return 'its volume is full';
  }
}

/** The file, or the nearest folder above it that exists. */
function existing(path: string): string {
  for (let at = resolve(path); ; at = dirname(at))
    if (statSync(at, { throwIfNoEntry: false }) || at === dirname(at)) return at;
}

/** The folder at which the volume of a file is mounted: above it lies another device. */
function mountPoint(path: string): string {
  const { dev } = statSync(path);
  let at = path;
  while (at !== dirname(at) && statSync(dirname(at)).dev === dev) at = dirname(at);
  return at;
}
