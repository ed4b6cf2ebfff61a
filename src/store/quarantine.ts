import type { ErrorCode } from '../core/errors.js';
import type { Database } from './database.js';

/** Bytes that were received and could not be taken in. */
export interface QuarantineRow {
  readonly quarantineKey: number;
  readonly path: string;
  readonly sha256: Uint8Array;
  readonly code: ErrorCode;
  readonly message: string;
  readonly SOPInstanceUID: string | null;
  readonly callingAETitle: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

export interface QuarantineTable {
  /** Records bytes that were not stored as an instance; the same bytes for the same reason only raise the count. */
  note(item: Omit<QuarantineRow, 'quarantineKey' | 'firstAt' | 'lastAt' | 'times'> & { at: number }): void;
  /** Newest first. */
  list(limit?: number): QuarantineRow[];
  count(): number;
}

export function quarantineTable(database: Database): QuarantineTable {
  const note = database.prepare(
    `INSERT INTO quarantine (path, sha256, code, message, SOPInstanceUID, callingAETitle, firstAt, lastAt, times)
     VALUES (:path, :sha256, :code, :message, :SOPInstanceUID, :callingAETitle, :at, :at, 1)
     ON CONFLICT (sha256, code) DO UPDATE SET lastAt = excluded.lastAt, times = times + 1`,
  );
  const list = database.prepare<QuarantineRow>(
    'SELECT * FROM quarantine ORDER BY lastAt DESC, quarantineKey DESC LIMIT :limit',
  );
  const count = database.prepare<{ n: number }>('SELECT count(*) AS n FROM quarantine');
  return {
    note: (item) => void note.run(item),
    list: (limit = 1000) => list.all({ limit }),
    count: () => count.get()!.n,
  };
}
