import { PrioraError, type ErrorCode } from '../core/errors.js';
import { caseResultSchema, type CaseResult } from '../model/case-result.js';
import type { Database } from './database.js';
import { parseJson } from './json-column.js';
import type { LesionRow, LesionTable } from './lesions.js';

export type CaseStatus = 'pending' | 'running' | 'reported' | 'rejected' | 'held' | 'failed';

interface CaseColumns {
  readonly caseKey: number;
  readonly StudyInstanceUID: string;
  readonly patientKey: number;
  readonly PatientID: string;
  readonly priorCaseKey: number | null;
  readonly priorStudyInstanceUID: string | null;
  readonly priorSeriesInstanceUID: string | null;
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  /** Hash of everything the result depends on; see `cases.open`. */
  readonly fingerprint: string;
  readonly supersededCaseKey: number | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** A case that has a result. */
export interface ReportedCaseRow extends CaseColumns {
  readonly status: 'reported';
  /** The analysed series. */
  readonly SeriesInstanceUID: string;
  readonly acquiredAt: number;
  readonly result: CaseResult;
}

/** A case that has none, not yet or never. */
export interface UnreportedCaseRow extends CaseColumns {
  readonly status: Exclude<CaseStatus, 'reported'>;
  /** Null if none of the study's series was selected. */
  readonly SeriesInstanceUID: string | null;
  readonly acquiredAt: number | null;
  readonly result: null;
}

export type CaseRow = ReportedCaseRow | UnreportedCaseRow;

/** What a case is about, and the hash of everything its result depends on. */
export interface CaseInput {
  StudyInstanceUID: string;
  SeriesInstanceUID: string | null;
  priorCaseKey: number | null;
  priorSeriesInstanceUID: string | null;
  fingerprint: string;
}

/** How a case ended. */
export type CaseOutcome =
  | { readonly status: 'reported'; readonly result: CaseResult; readonly lesions: readonly LesionRow[] }
  | { readonly status: 'rejected' | 'held' | 'failed'; readonly code: ErrorCode; readonly reason: string };

export interface CaseTable {
  /**
   * The case for these inputs. If the study's latest case has the same fingerprint, it is returned (`created` false): a
   * finished one leaves nothing to do, an unfinished one continues. Otherwise a new `pending` case is made, which
   * supersedes the study's latest reported case.
   */
  open(input: CaseInput, now: number): { case: CaseRow; created: boolean };
  find(caseKey: number): CaseRow | undefined;
  /**
   * A case that another one builds on, which can only be a reported one.
   *
   * @throws PrioraError INTERNAL if it is not.
   */
  reported(caseKey: number): ReportedCaseRow;
  /** The study's latest case, whatever became of it. */
  latestOfStudy(StudyInstanceUID: string): CaseRow | undefined;
  /** The study's latest reported case before `beforeCaseKey` [any]. */
  latestReportedOfStudy(StudyInstanceUID: string, beforeCaseKey?: number): ReportedCaseRow | undefined;
  /** The latest reported case that analysed the series. */
  latestReportedOfSeries(SeriesInstanceUID: string): ReportedCaseRow | undefined;
  /** Each study's latest case in time order. */
  ofPatient(patientKey: number): CaseRow[];
  /**
   * The reports that stand, one per study, in order of acquisition: the last finished case of each study, if it is a
   * report. A run that is under way or has failed leaves the report before it standing.
   */
  standing(patientKey: number): ReportedCaseRow[];
  /** Latest cases of all studies, newest first. */
  list(filter?: { status?: CaseStatus; limit?: number }): CaseRow[];
  start(caseKey: number): void;
  /** Status, result and lesions in one transaction; calling it again replaces them. */
  finish(caseKey: number, outcome: CaseOutcome, now: number): void;
}

type StoredCase = Omit<CaseRow, 'result'> & { result: string };
const reportedCase = (row: StoredCase) =>
  ({
    ...row,
    result: parseJson(caseResultSchema, row.result, `cases.result of case ${row.caseKey}`),
  }) as ReportedCaseRow;

const parsedCase = (row: StoredCase): CaseRow =>
  row.status === 'reported' ? reportedCase(row) : ({ ...row, result: null } as CaseRow);

const columns = `cases.caseKey, studies.StudyInstanceUID, series.SeriesInstanceUID, studies.patientKey, PatientID,
  series.acquiredAt, cases.priorCaseKey, priorStudies.StudyInstanceUID AS priorStudyInstanceUID,
  priorSeries.SeriesInstanceUID AS priorSeriesInstanceUID, status, code, reason, fingerprint, result,
  supersededCaseKey, createdAt, finishedAt
  FROM cases
  JOIN studies ON studies.studyKey = cases.studyKey
  JOIN patients ON patients.patientKey = studies.patientKey
  LEFT JOIN series ON series.seriesKey = cases.seriesKey
  LEFT JOIN series AS priorSeries ON priorSeries.seriesKey = cases.priorSeriesKey
  LEFT JOIN studies AS priorStudies ON priorStudies.studyKey = priorSeries.studyKey`;

const isLatest = 'cases.caseKey = (SELECT max(caseKey) FROM cases AS other WHERE other.studyKey = cases.studyKey)';

export function caseTable(database: Database, lesions: LesionTable): CaseTable {
  const one = (condition: string) => {
    const statement = database.prepare<StoredCase>(
      `SELECT ${columns} WHERE ${condition} ORDER BY cases.caseKey DESC LIMIT 1`,
    );
    return (parameters: object) => statement.get(parameters);
  };
  const parsedIf = <Row>(row: StoredCase | undefined, parse: (row: StoredCase) => Row) => row && parse(row);
  const find = one('cases.caseKey = :caseKey');
  const latestOfStudy = one('studies.StudyInstanceUID = :StudyInstanceUID');
  const latestReportedOfStudy = one(
    "studies.StudyInstanceUID = :StudyInstanceUID AND status = 'reported' AND cases.caseKey < :beforeCaseKey",
  );
  const latestReportedOfSeries = one("series.SeriesInstanceUID = :SeriesInstanceUID AND status = 'reported'");
  const ofPatient = database.prepare<StoredCase>(
    `SELECT ${columns} WHERE studies.patientKey = :patientKey AND ${isLatest} ORDER BY series.acquiredAt, cases.caseKey`,
  );
  const standing = database.prepare<StoredCase>(
    `SELECT ${columns} WHERE studies.patientKey = :patientKey AND status = 'reported'
       AND cases.caseKey = (SELECT max(caseKey) FROM cases AS other WHERE other.studyKey = cases.studyKey
         AND other.status IN ('reported', 'rejected', 'held'))
     ORDER BY series.acquiredAt, cases.caseKey`,
  );
  const list = database.prepare<StoredCase>(
    `SELECT ${columns} WHERE (:status IS NULL OR status = :status) AND ${isLatest} ORDER BY cases.caseKey DESC LIMIT :limit`,
  );
  const insert = database.prepare(
    `INSERT INTO cases (studyKey, seriesKey, priorCaseKey, priorSeriesKey, status, fingerprint, supersededCaseKey, createdAt)
     VALUES ((SELECT studyKey FROM studies WHERE StudyInstanceUID = :StudyInstanceUID),
       (SELECT seriesKey FROM series WHERE SeriesInstanceUID = :SeriesInstanceUID), :priorCaseKey,
       (SELECT seriesKey FROM series WHERE SeriesInstanceUID = :priorSeriesInstanceUID),
       'pending', :fingerprint, :supersededCaseKey, :now)`,
  );
  const start = database.prepare(
    "UPDATE cases SET status = 'running', code = NULL, reason = NULL, finishedAt = NULL WHERE caseKey = :caseKey",
  );
  const finish = database.prepare(
    `UPDATE cases SET status = :status, code = :code, reason = :reason, result = :result, finishedAt = :now
     WHERE caseKey = :caseKey`,
  );
  return {
    open: (input, now) =>
      database.transaction(() => {
        const latest = latestOfStudy(input);
        if (latest?.fingerprint === input.fingerprint) return { case: parsedCase(latest), created: false };
        const superseded = latestReportedOfStudy({ ...input, beforeCaseKey: Number.MAX_SAFE_INTEGER });
        const { lastInsertRowid } = insert.run({ ...input, supersededCaseKey: superseded?.caseKey ?? null, now });
        return { case: parsedCase(find({ caseKey: lastInsertRowid })!), created: true };
      }),
    find: (caseKey) => parsedIf(find({ caseKey }), parsedCase),
    reported: (caseKey) => {
      const row = find({ caseKey });
      if (row?.status !== 'reported') throw new PrioraError('INTERNAL', `case ${caseKey} has no report`);
      return reportedCase(row);
    },
    latestOfStudy: (StudyInstanceUID) => parsedIf(latestOfStudy({ StudyInstanceUID }), parsedCase),
    latestReportedOfStudy: (StudyInstanceUID, beforeCaseKey = Number.MAX_SAFE_INTEGER) =>
      parsedIf(latestReportedOfStudy({ StudyInstanceUID, beforeCaseKey }), reportedCase),
    latestReportedOfSeries: (SeriesInstanceUID) =>
      parsedIf(latestReportedOfSeries({ SeriesInstanceUID }), reportedCase),
    ofPatient: (patientKey) => ofPatient.all({ patientKey }).map(parsedCase),
    standing: (patientKey) => standing.all({ patientKey }).map(reportedCase),
    list: ({ status, limit } = {}) => list.all({ status: status ?? null, limit: limit ?? 1000 }).map(parsedCase),
    start: (caseKey) => void start.run({ caseKey }),
    finish: (caseKey, outcome, now) =>
      database.transaction(() => {
        lesions.replace(caseKey, outcome.status === 'reported' ? outcome.lesions : []);
        const { status, code, reason, result } = { code: null, reason: null, result: null, ...outcome };
        finish.run({ caseKey, status, code, reason, result: result && JSON.stringify(result), now });
      }),
  };
}
