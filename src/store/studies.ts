import type { ErrorCode } from '../core/errors.js';
import type { Database } from './database.js';
import type { StudyRow } from './rows.js';

export interface StudyTable {
  find(StudyInstanceUID: string): StudyRow | undefined;
  /** Adds the study unless it is known; the first patient it was seen under stays. */
  remember(study: { StudyInstanceUID: string; patientKey: number; receivedAt: number }): StudyRow;
  /** Holds the study for a person, for one reason more; not for one that a person has accepted. */
  hold(StudyInstanceUID: string, code: ErrorCode, reason: string): void;
  /**
   * A person has decided: the study may be analysed and be a prior. Its series without a time get `acquiredAt`.
   *
   * @returns false when the study was not held.
   */
  release(StudyInstanceUID: string, decision: { releasedAt: number; acquiredAt: number }): boolean;
  /** Studies waiting for a person, oldest first. */
  held(): StudyRow[];
  ofPatient(patientKey: number): StudyRow[];
}

/** Between the reasons of one study. */
const separator = '; ';

const columns = `StudyInstanceUID, studies.patientKey, IssuerOfPatientID, PatientID, studies.receivedAt, heldCode, heldReason, acceptedReason
  FROM studies JOIN patients USING (patientKey)`;

export function studyTable(database: Database): StudyTable {
  const find = database.prepare<StudyRow>(`SELECT ${columns} WHERE StudyInstanceUID = :StudyInstanceUID`);
  const insert = database.prepare(
    `INSERT INTO studies (StudyInstanceUID, patientKey, receivedAt) VALUES (:StudyInstanceUID, :patientKey, :receivedAt)
     ON CONFLICT DO NOTHING`,
  );
  const hold = database.prepare(
    'UPDATE studies SET heldCode = :code, heldReason = :reason WHERE StudyInstanceUID = :StudyInstanceUID',
  );
  const release = database.prepare(
    `UPDATE studies SET heldCode = NULL, heldReason = NULL, releasedAt = :releasedAt,
       acceptedReason = concat_ws(:separator, acceptedReason, heldReason)
     WHERE StudyInstanceUID = :StudyInstanceUID AND heldCode IS NOT NULL`,
  );
  const setTime = database.prepare(
    `UPDATE series SET acquiredAt = :acquiredAt, acquiredAtSource = 'released'
     WHERE acquiredAt IS NULL
       AND studyKey = (SELECT studyKey FROM studies WHERE StudyInstanceUID = :StudyInstanceUID)`,
  );
  const held = database.prepare<StudyRow>(`SELECT ${columns} WHERE heldCode IS NOT NULL ORDER BY receivedAt`);
  const ofPatient = database.prepare<StudyRow>(
    `SELECT ${columns} WHERE studies.patientKey = :patientKey ORDER BY studies.receivedAt, StudyInstanceUID`,
  );
  return {
    find: (StudyInstanceUID) => find.get({ StudyInstanceUID }),
    remember: (study) => {
      const known = find.get(study);
      if (known) return known;
      insert.run(study);
      return find.get(study)!;
    },
    hold: (StudyInstanceUID, code, reason) => {
      const { heldCode, heldReason, acceptedReason } = find.get({ StudyInstanceUID })!;
      const known = [heldReason, acceptedReason].some((reasons) => reasons?.split(separator).includes(reason));
      if (known) return;
      hold.run({
        StudyInstanceUID,
        code: heldCode ?? code,
        reason: heldReason === null ? reason : heldReason + separator + reason,
      });
    },
    release: (StudyInstanceUID, { releasedAt, acquiredAt }) =>
      database.transaction(() => {
        if (release.run({ StudyInstanceUID, releasedAt, separator }).changes === 0) return false;
        setTime.run({ StudyInstanceUID, acquiredAt });
        return true;
      }),
    held: () => held.all(),
    ofPatient: (patientKey) => ofPatient.all({ patientKey }),
  };
}
