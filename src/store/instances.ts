import type { Database } from './database.js';

/** An instance that was taken in: where its bytes are, and what completeness needs of its header. */
export interface InstanceRow {
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPClassUID: string;
  readonly TransferSyntaxUID: string;
  /** Relative to the data folder. */
  readonly path: string;
  readonly bytes: number;
  /** Of the data set as received (without preamble and meta information). */
  readonly sha256: Uint8Array;
  readonly receivedAt: number;
  readonly InstanceNumber: number | null;
  /** Direction cosines rounded to 10⁻³, joined: equal text = one orientation. */
  readonly orientation: string | null;
  /** ImagePositionPatient projected on the slice normal. */
  readonly normalPositionMm: number | null;
  readonly sliceThicknessMm: number | null;
  readonly NumberOfFrames: number | null;
  readonly ImagesInAcquisition: number | null;
  readonly NumberOfSeriesRelatedInstances: number | null;
}

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
