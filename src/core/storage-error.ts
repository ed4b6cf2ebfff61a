import { PrioraError } from './errors.js';

const noSpace = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
const noWrite = new Set(['EROFS', 'EIO', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'SQLITE_READONLY', 'SQLITE_CANTOPEN']);
const damaged = new Set(['SQLITE_NOTADB', 'SQLITE_CORRUPT']);

/**
 * Turns a refusal of the file system or SQLite into STORAGE_FULL, STORAGE_FAILED or DATABASE_DAMAGED; any other error
 * is unchanged.
 */
export function asStorageError(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof PrioraError || typeof code !== 'string') return error;
  if (noSpace.has(code)) return new PrioraError('STORAGE_FULL', `no space left (${code})`, { cause: error });
  if (noWrite.has(code) || code.startsWith('SQLITE_IOERR'))
    return new PrioraError('STORAGE_FAILED', `the storage refused to write (${code})`, { cause: error });
  if (damaged.has(code))
    return new PrioraError('DATABASE_DAMAGED', `the database cannot be read (${code})`, { cause: error });
  return error;
}
