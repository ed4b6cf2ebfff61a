import type { Database } from './database.js';

/** A study, with whom it is filed under. */
export interface StudyRow {
  readonly StudyInstanceUID: string;
  readonly patientKey: number;
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  readonly receivedAt: number;
}

export interface StudyTable {
  find(StudyInstanceUID: string): StudyRow | undefined;
  /** Adds the study unless it is known; it stays with the first patient under whom it was seen. */
  remember(study: { StudyInstanceUID: string; patientKey: number; receivedAt: number }): StudyRow;
  /** Studies on hold for an operator, oldest first. */
  held(): StudyRow[];
  ofPatient(patientKey: number): StudyRow[];
}

const columns = `StudyInstanceUID, studies.patientKey, IssuerOfPatientID, PatientID, studies.receivedAt
  FROM studies JOIN patients USING (patientKey)`;

export function studyTable(database: Database): StudyTable {
  const find = database.prepare<StudyRow>(`SELECT ${columns} WHERE StudyInstanceUID = :StudyInstanceUID`);
  const insert = database.prepare(
    `INSERT INTO studies (StudyInstanceUID, patientKey, receivedAt) VALUES (:StudyInstanceUID, :patientKey, :receivedAt)
     ON CONFLICT DO NOTHING`,
  );
  const held = database.prepare<StudyRow>(
    `SELECT ${columns} WHERE studyKey IN (SELECT studyKey FROM holds WHERE acceptedAt IS NULL) ORDER BY receivedAt`,
  );
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
    held: () => held.all(),
    ofPatient: (patientKey) => ofPatient.all({ patientKey }),
  };
}
