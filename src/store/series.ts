import type { TimeSource } from '../dicom/acquisition-time.js';
import { completenessVerdictSchema, type CompletenessVerdict } from '../model/evidence.js';
import { seriesSelectionSchema, type SeriesSelection } from '../model/selection.js';
import type { Database } from './database.js';
import { parseJson } from './json-column.js';

/**
 * Attribute from which an acquisition time was read; `released` if an operator gave it, or released a study without
 * one.
 */
export type AcquiredAtSource = TimeSource | 'released';

/**
 * `received`: images from a scanner or router · `ours`: written by Priora and sent back · `destination`: sent by a
 * destination or a reader.
 */
export type SeriesOrigin = 'received' | 'ours' | 'destination';

/** `assembled` series can serve as priors; `refused` ones were not selected or could not be assembled. */
export type SeriesState = 'receiving' | 'complete' | 'assembled' | 'refused';

/** A series, with its study and patient. */
export interface SeriesRow {
  readonly SeriesInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly patientKey: number;
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  readonly Modality: string;
  readonly SeriesDescription: string;
  readonly acquiredAt: number | null;
  readonly acquiredAtSource: AcquiredAtSource | null;
  readonly callingAETitle: string;
  readonly origin: SeriesOrigin;
  readonly firstInstanceAt: number;
  readonly lastInstanceAt: number;
  readonly associationReleasedAt: number | null;
  readonly state: SeriesState;
  /** The last verdict on its completeness; null before the first. */
  readonly completeness: CompletenessVerdict | null;
  /** The last verdict of selection; null before the first. */
  readonly selection: SeriesSelection | null;
}

/** An earlier series that may be a prior. */
export interface PriorRow {
  readonly SeriesInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly acquiredAt: number;
}

export interface SeriesTable {
  find(SeriesInstanceUID: string): SeriesRow | undefined;
  /**
   * Adds the series, or notes another instance of it: a known series becomes `receiving` again, keeps its first
   * description and takes the earlier of both times.
   */
  noteInstance(
    series: Pick<
      SeriesRow,
      | 'SeriesInstanceUID'
      | 'StudyInstanceUID'
      | 'Modality'
      | 'SeriesDescription'
      | 'acquiredAt'
      | 'acquiredAtSource'
      | 'callingAETitle'
      | 'origin'
    > & { receivedAt: number },
  ): void;
  /** The association that carried instances of these series has ended. */
  noteRelease(SeriesInstanceUIDs: readonly string[], at: number): void;
  setCompleteness(SeriesInstanceUID: string, verdict: CompletenessVerdict): void;
  setSelection(SeriesInstanceUID: string, selection: SeriesSelection): void;
  setState(SeriesInstanceUID: string, state: SeriesState): void;
  /** An operator has said when the study was acquired: those of its series without an acquisition time get this one. */
  tellTime(StudyInstanceUID: string, acquiredAt: number): void;
  /**
   * Records what became of the series with this many instances; does nothing if more have arrived meanwhile, because
   * they were not analysed.
   */
  noteRead(SeriesInstanceUID: string, instances: number, state: 'assembled' | 'refused'): void;
  ofStudy(StudyInstanceUID: string): SeriesRow[];
  /** Series that are still receiving, for start-up: each needs its completeness timer. */
  receiving(): SeriesRow[];
  /**
   * Assembled series of the patient's other studies that are not on hold, acquired in [notBefore, before), latest
   * first. One range of `seriesPriors`, so the cost does not grow with the table.
   */
  priors(query: {
    patientKey: number;
    before: number;
    notBefore: number;
    exceptStudyInstanceUID: string;
    limit: number;
  }): PriorRow[];
  /** The mirror image of `priors`: assembled series acquired in (after, notAfter], earliest first. */
  followers(query: {
    patientKey: number;
    after: number;
    notAfter: number;
    exceptStudyInstanceUID: string;
    limit: number;
  }): PriorRow[];
}

type StoredSeries = Omit<SeriesRow, 'completeness' | 'selection'> & {
  completeness: string | null;
  selection: string | null;
};

const parsed = (row: StoredSeries): SeriesRow => ({
  ...row,
  completeness:
    row.completeness === null
      ? null
      : parseJson(completenessVerdictSchema, row.completeness, `series.completeness of ${row.SeriesInstanceUID}`),
  selection:
    row.selection === null
      ? null
      : parseJson(seriesSelectionSchema, row.selection, `series.selection of ${row.SeriesInstanceUID}`),
});

const columns = `SeriesInstanceUID, StudyInstanceUID, series.patientKey, IssuerOfPatientID, PatientID, Modality,
  SeriesDescription, acquiredAt, acquiredAtSource, callingAETitle, origin, firstInstanceAt, lastInstanceAt,
  associationReleasedAt, state, completeness, selection
  FROM series JOIN studies USING (studyKey) JOIN patients ON patients.patientKey = series.patientKey`;

const notOnHold = 'NOT EXISTS (SELECT 1 FROM holds WHERE holds.studyKey = series.studyKey AND acceptedAt IS NULL)';

/** The hot statement of `match/`; its plan is asserted in test/store. */
export const priorsSQL = `SELECT SeriesInstanceUID, StudyInstanceUID, acquiredAt
  FROM series INDEXED BY seriesPriors JOIN studies USING (studyKey)
  WHERE series.patientKey = :patientKey AND state = 'assembled' AND acquiredAt IS NOT NULL
    AND acquiredAt < :before AND acquiredAt >= :notBefore
    AND ${notOnHold} AND StudyInstanceUID <> :exceptStudyInstanceUID
  ORDER BY acquiredAt DESC, seriesKey DESC LIMIT :limit`;

export function seriesTable(database: Database): SeriesTable {
  const find = database.prepare<StoredSeries>(`SELECT ${columns} WHERE SeriesInstanceUID = :SeriesInstanceUID`);
  const note = database.prepare(
    `INSERT INTO series (SeriesInstanceUID, studyKey, patientKey, Modality, SeriesDescription, acquiredAt,
       acquiredAtSource, callingAETitle, origin, firstInstanceAt, lastInstanceAt, state)
     SELECT :SeriesInstanceUID, studyKey, patientKey, :Modality, :SeriesDescription, :acquiredAt,
       :acquiredAtSource, :callingAETitle, :origin, :receivedAt, :receivedAt, 'receiving'
     FROM studies WHERE StudyInstanceUID = :StudyInstanceUID
     ON CONFLICT (SeriesInstanceUID) DO UPDATE SET
       lastInstanceAt = max(lastInstanceAt, excluded.lastInstanceAt),
       associationReleasedAt = NULL,
       state = 'receiving',
       acquiredAtSource = CASE WHEN acquiredAt IS NULL OR excluded.acquiredAt < acquiredAt
         THEN coalesce(excluded.acquiredAtSource, acquiredAtSource) ELSE acquiredAtSource END,
       acquiredAt = CASE WHEN acquiredAt IS NULL OR excluded.acquiredAt < acquiredAt
         THEN coalesce(excluded.acquiredAt, acquiredAt) ELSE acquiredAt END`,
  );
  const noteRelease = database.prepare(
    'UPDATE series SET associationReleasedAt = :at WHERE SeriesInstanceUID = :SeriesInstanceUID',
  );
  const set = (column: string) =>
    database.prepare(`UPDATE series SET ${column} = :value WHERE SeriesInstanceUID = :SeriesInstanceUID`);
  const setCompleteness = set('completeness');
  const setSelection = set('selection');
  const setState = set('state');
  const tellTime = database.prepare(
    `UPDATE series SET acquiredAt = :acquiredAt, acquiredAtSource = 'released'
     WHERE acquiredAt IS NULL
       AND studyKey = (SELECT studyKey FROM studies WHERE StudyInstanceUID = :StudyInstanceUID)`,
  );
  const noteRead = database.prepare(
    `UPDATE series SET state = :state WHERE SeriesInstanceUID = :SeriesInstanceUID
       AND :instances = (SELECT count(*) FROM instances WHERE instances.seriesKey = series.seriesKey)`,
  );
  const ofStudy = database.prepare<StoredSeries>(
    `SELECT ${columns} WHERE StudyInstanceUID = :StudyInstanceUID ORDER BY acquiredAt, SeriesInstanceUID`,
  );
  const receiving = database.prepare<StoredSeries>(
    `SELECT ${columns} WHERE state = 'receiving' ORDER BY lastInstanceAt`,
  );
  const priors = database.prepare<PriorRow>(priorsSQL);
  const followers = database.prepare<PriorRow>(
    `SELECT SeriesInstanceUID, StudyInstanceUID, acquiredAt
     FROM series INDEXED BY seriesPriors JOIN studies USING (studyKey)
     WHERE series.patientKey = :patientKey AND state = 'assembled' AND acquiredAt IS NOT NULL
       AND acquiredAt > :after AND acquiredAt <= :notAfter
       AND ${notOnHold} AND StudyInstanceUID <> :exceptStudyInstanceUID
     ORDER BY acquiredAt, seriesKey LIMIT :limit`,
  );
  return {
    find: (SeriesInstanceUID) => {
      const row = find.get({ SeriesInstanceUID });
      return row && parsed(row);
    },
    noteInstance: (series) => void note.run(series),
    noteRelease: (uids, at) =>
      database.transaction(() => uids.forEach((SeriesInstanceUID) => noteRelease.run({ SeriesInstanceUID, at }))),
    setCompleteness: (SeriesInstanceUID, verdict) =>
      void setCompleteness.run({ SeriesInstanceUID, value: JSON.stringify(verdict) }),
    setSelection: (SeriesInstanceUID, selection) =>
      void setSelection.run({ SeriesInstanceUID, value: JSON.stringify(selection) }),
    setState: (SeriesInstanceUID, state) => void setState.run({ SeriesInstanceUID, value: state }),
    tellTime: (StudyInstanceUID, acquiredAt) => void tellTime.run({ StudyInstanceUID, acquiredAt }),
    noteRead: (SeriesInstanceUID, instances, state) => void noteRead.run({ SeriesInstanceUID, instances, state }),
    ofStudy: (StudyInstanceUID) => ofStudy.all({ StudyInstanceUID }).map(parsed),
    receiving: () => receiving.all().map(parsed),
    priors: (query) => priors.all(query),
    followers: (query) => followers.all(query),
  };
}
