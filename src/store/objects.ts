import type { ObjectKind } from '../model/object-kind.js';
import type { Database } from './database.js';

/** A DICOM object we wrote. */
export interface ObjectRow {
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly SeriesInstanceUID: string;
  readonly kind: ObjectKind;
  readonly caseKey: number;
  /** Relative to the data folder. */
  readonly path: string;
  /** Of the data set, without preamble and meta information. */
  readonly sha256: Uint8Array;
  readonly predecessorSOPInstanceUID: string | null;
  readonly createdAt: number;
}

export interface ObjectTable {
  /**
   * Records an object we wrote; recording the same SOPInstanceUID again changes nothing (its UID derives from its
   * content).
   */
  insert(object: ObjectRow): void;
  find(SOPInstanceUID: string): ObjectRow | undefined;
  ofCase(caseKey: number): ObjectRow[];
  /** All objects by SOPInstanceUID, a page at a time: those after `SOPInstanceUID`. */
  page(after: string, limit: number): ObjectRow[];
  /** Whether Priora wrote this instance, or another instance of its series. */
  isOurs(uids: { SOPInstanceUID: string; SeriesInstanceUID: string }): boolean;
}

export function objectTable(database: Database): ObjectTable {
  const insert = database.prepare(
    `INSERT INTO objects (SOPInstanceUID, SOPClassUID, SeriesInstanceUID, kind, caseKey, path, sha256,
       predecessorSOPInstanceUID, createdAt)
     VALUES (:SOPInstanceUID, :SOPClassUID, :SeriesInstanceUID, :kind, :caseKey, :path, :sha256,
       :predecessorSOPInstanceUID, :createdAt) ON CONFLICT DO NOTHING`,
  );
  const find = database.prepare<ObjectRow>('SELECT * FROM objects WHERE SOPInstanceUID = :SOPInstanceUID');
  const ofCase = database.prepare<ObjectRow>('SELECT * FROM objects WHERE caseKey = :caseKey ORDER BY kind');
  const page = database.prepare<ObjectRow>(
    'SELECT * FROM objects WHERE SOPInstanceUID > :after ORDER BY SOPInstanceUID LIMIT :limit',
  );
  const isOurs = database.prepare<{ ours: number }>(
    `SELECT EXISTS (SELECT 1 FROM objects WHERE SOPInstanceUID = :SOPInstanceUID)
         OR EXISTS (SELECT 1 FROM objects WHERE SeriesInstanceUID = :SeriesInstanceUID) AS ours`,
  );
  return {
    insert: (object) => void insert.run(object),
    find: (SOPInstanceUID) => find.get({ SOPInstanceUID }),
    ofCase: (caseKey) => ofCase.all({ caseKey }),
    page: (after, limit) => page.all({ after, limit }),
    isOurs: (uids) => isOurs.get(uids)!.ours === 1,
  };
}
