import type { Hold, HoldReason } from '../model/hold.js';
import type { Database } from './database.js';

/** An operator's decision that a study may continue. */
export interface Acceptance {
  readonly acceptedAt: number;
  readonly acceptedBy: string;
  readonly comment: string | null;
}

export interface HoldTable {
  /**
   * Puts the study on hold for these reasons. A reason that already holds it, or that an operator has accepted, changes
   * nothing.
   */
  add(StudyInstanceUID: string, reasons: readonly HoldReason[], heldAt: number): void;
  /**
   * An operator accepts everything that holds the study.
   *
   * @returns what was accepted; empty if the study was not on hold.
   */
  accept(StudyInstanceUID: string, acceptance: Acceptance): Hold[];
  /** Every reason there has been, including accepted ones, in the order in which they came up. */
  ofStudy(StudyInstanceUID: string): Hold[];
  /** The reasons for which the study waits for an operator. */
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
