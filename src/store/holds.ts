import type { Hold, HoldReason } from '../model/hold.js';
import type { Database } from './database.js';

/** A person's decision that a study may go on. */
export interface Acceptance {
  readonly acceptedAt: number;
  readonly acceptedBy: string;
  readonly comment: string | null;
}

export interface HoldTable {
  /** Puts the study on hold for these reasons; one that holds it already, or that a person has accepted, changes nothing. */
  add(StudyInstanceUID: string, reasons: readonly HoldReason[], heldAt: number): void;
  /**
   * A person accepts everything that holds the study.
   *
   * @returns what that was; empty where the study was not on hold.
   */
  accept(StudyInstanceUID: string, acceptance: Acceptance): Hold[];
  /** Every reason there has been, accepted ones too, in the order they came up. */
  ofStudy(StudyInstanceUID: string): Hold[];
  /** What the study waits for a person for. */
  open(StudyInstanceUID: string): Hold[];
}

const ofThisStudy = 'studyKey = (SELECT studyKey FROM studies WHERE StudyInstanceUID = :StudyInstanceUID)';

export function holdTable(database: Database): HoldTable {
  const add = database.prepare(
    `INSERT INTO holds (studyKey, code, attribute, heldAt)
     SELECT studyKey, :code, coalesce(:attribute, ''), :heldAt FROM studies WHERE StudyInstanceUID = :StudyInstanceUID
     ON CONFLICT DO NOTHING`,
  );
  const accept = database.prepare(
    `UPDATE holds SET acceptedAt = :acceptedAt, acceptedBy = :acceptedBy, comment = :comment
     WHERE ${ofThisStudy} AND acceptedAt IS NULL`,
  );
  const ofStudy = database.prepare<Hold>(
    `SELECT code, nullif(attribute, '') AS attribute, heldAt, acceptedAt, acceptedBy, comment
     FROM holds WHERE ${ofThisStudy} ORDER BY heldAt, code, attribute`,
  );
  const open = (StudyInstanceUID: string) =>
    ofStudy.all({ StudyInstanceUID }).filter(({ acceptedAt }) => acceptedAt === null);
  return {
    add: (StudyInstanceUID, reasons, heldAt) =>
      database.transaction(() => reasons.forEach((reason) => add.run({ ...reason, StudyInstanceUID, heldAt }))),
    accept: (StudyInstanceUID, acceptance) =>
      database.transaction(() => {
        const accepted = open(StudyInstanceUID);
        accept.run({ StudyInstanceUID, ...acceptance });
        return accepted.map((hold) => ({ ...hold, ...acceptance }));
      }),
    ofStudy: (StudyInstanceUID) => ofStudy.all({ StudyInstanceUID }),
    open,
  };
}
