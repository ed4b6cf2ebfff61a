import type { Database } from './database.js';
import type { InstanceRow, QuarantineRow } from './rows.js';

export interface InstanceTable {
  find(SOPInstanceUID: string): InstanceRow | undefined;
  /** @throws if the SOPInstanceUID is known or the series is not. */
  insert(instance: InstanceRow): void;
  /** A series' instances by slice position, then InstanceNumber. */
  ofSeries(SeriesInstanceUID: string): InstanceRow[];
  count(): number;
  /** All instances in order of arrival, a page at a time: those after `instanceKey`. */
  page(after: number, limit: number): (InstanceRow & { instanceKey: number })[];
}

const columns = `SOPInstanceUID, SeriesInstanceUID, SOPClassUID, TransferSyntaxUID, path, bytes, sha256, receivedAt,
  InstanceNumber, orientation, normalPositionMm, sliceThicknessMm, NumberOfFrames, ImagesInAcquisition,
  NumberOfSeriesRelatedInstances`;

export function instanceTable(database: Database): InstanceTable {
  const find = database.prepare<InstanceRow>(
    `SELECT ${columns} FROM instances JOIN series USING (seriesKey) WHERE SOPInstanceUID = :SOPInstanceUID`,
  );
  const insert = database.prepare(
    `INSERT INTO instances (${columns.replace('SeriesInstanceUID', 'seriesKey')})
     VALUES (:SOPInstanceUID, (SELECT seriesKey FROM series WHERE SeriesInstanceUID = :SeriesInstanceUID),
       :SOPClassUID, :TransferSyntaxUID, :path, :bytes, :sha256, :receivedAt, :InstanceNumber, :orientation,
       :normalPositionMm, :sliceThicknessMm, :NumberOfFrames, :ImagesInAcquisition, :NumberOfSeriesRelatedInstances)`,
  );
  const ofSeries = database.prepare<InstanceRow>(
    `SELECT ${columns} FROM instances JOIN series USING (seriesKey) WHERE SeriesInstanceUID = :SeriesInstanceUID
     ORDER BY normalPositionMm, InstanceNumber, SOPInstanceUID`,
  );
  const count = database.prepare<{ n: number }>('SELECT count(*) AS n FROM instances');
  const page = database.prepare<InstanceRow & { instanceKey: number }>(
    `SELECT instanceKey, ${columns} FROM instances JOIN series USING (seriesKey)
     WHERE instanceKey > :after ORDER BY instanceKey LIMIT :limit`,
  );
  return {
    find: (SOPInstanceUID) => find.get({ SOPInstanceUID }),
    insert: (instance) => void insert.run(instance),
    ofSeries: (SeriesInstanceUID) => ofSeries.all({ SeriesInstanceUID }),
    count: () => count.get()!.n,
    page: (after, limit) => page.all({ after, limit }),
  };
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
