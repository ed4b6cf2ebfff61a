import type { Database } from './database.js';

/** A reader's object that corrects, or was meant to correct, the results for a study. */
export interface ReviewRow {
  readonly SOPInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly receivedAt: number;
  readonly callingAETitle: string;
  /** The person it names; null where it names none, and before it is read. Never for a log. */
  readonly observer: string | null;
  /** `waiting`: for the analysis of its study · `applied`: the lesions that stand are its · `refused`: it corrects nothing. */
  readonly state: 'waiting' | 'applied' | 'refused';
  /** Why it was refused. */
  readonly reason: string | null;
}

export interface ReviewTable {
  /** Records a reader's object, refused at once if `refusedBecause` gives a reason. A known one is left as it is. */
  insert(
    review: Pick<ReviewRow, 'SOPInstanceUID' | 'StudyInstanceUID' | 'receivedAt' | 'callingAETitle'>,
    refusedBecause: string | null,
  ): void;
  /** A study's corrections in order of arrival. */
  ofStudy(StudyInstanceUID: string): ReviewRow[];
  /** Records the outcome of reading the object; `reason` is null unless it is refused. */
  judge(SOPInstanceUID: string, verdict: Pick<ReviewRow, 'state' | 'reason' | 'observer'>): void;
  /** Those that wait or were refused, newest first. */
  open(limit?: number): ReviewRow[];
}

const columns = `SOPInstanceUID, StudyInstanceUID, reviews.receivedAt, callingAETitle, observer, state, reason
  FROM reviews JOIN studies USING (studyKey)`;

export function reviewTable(database: Database): ReviewTable {
  const insert = database.prepare(
    `INSERT INTO reviews (SOPInstanceUID, studyKey, receivedAt, callingAETitle, state, reason)
     VALUES (:SOPInstanceUID, (SELECT studyKey FROM studies WHERE StudyInstanceUID = :StudyInstanceUID), :receivedAt,
       :callingAETitle, CASE WHEN :reason IS NULL THEN 'waiting' ELSE 'refused' END, :reason)
     ON CONFLICT DO NOTHING`,
  );
  const ofStudy = database.prepare<ReviewRow>(
    `SELECT ${columns} WHERE StudyInstanceUID = :StudyInstanceUID ORDER BY reviews.receivedAt, SOPInstanceUID`,
  );
  const judge = database.prepare(
    `UPDATE reviews SET state = :state, reason = :reason, observer = coalesce(:observer, observer)
     WHERE SOPInstanceUID = :SOPInstanceUID`,
  );
  const open = database.prepare<ReviewRow>(
    `SELECT ${columns} WHERE state <> 'applied' ORDER BY reviews.receivedAt DESC, SOPInstanceUID LIMIT :limit`,
  );
  return {
    insert: (review, reason) => void insert.run({ ...review, reason }),
    ofStudy: (StudyInstanceUID) => ofStudy.all({ StudyInstanceUID }),
    judge: (SOPInstanceUID, { state, reason, observer }) => void judge.run({ SOPInstanceUID, state, reason, observer }),
    open: (limit = 1000) => open.all({ limit }),
  };
}
