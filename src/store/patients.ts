import type { Database } from './database.js';
import type { PatientRow } from './rows.js';

export interface PatientTable {
  find(identity: { IssuerOfPatientID: string; PatientID: string }): PatientRow | undefined;
  /** The patient, created from these values when unknown. An empty stored value is filled, nothing else is changed. */
  remember(patient: Omit<PatientRow, 'patientKey'>): PatientRow;
}

export function patientTable(database: Database): PatientTable {
  const find = database.prepare<PatientRow>(
    'SELECT * FROM patients WHERE PatientID = :PatientID AND IssuerOfPatientID = :IssuerOfPatientID',
  );
  const insert = database.prepare(
    `INSERT INTO patients (IssuerOfPatientID, PatientID, PatientName, PatientBirthDate, PatientSex)
     VALUES (:IssuerOfPatientID, :PatientID, :PatientName, :PatientBirthDate, :PatientSex)`,
  );
  const fill = database.prepare(
    `UPDATE patients SET
       PatientName = CASE PatientName WHEN '' THEN :PatientName ELSE PatientName END,
       PatientBirthDate = CASE PatientBirthDate WHEN '' THEN :PatientBirthDate ELSE PatientBirthDate END,
       PatientSex = CASE PatientSex WHEN '' THEN :PatientSex ELSE PatientSex END
     WHERE patientKey = :patientKey`,
  );
  const filled = (known: string, given: string) => known !== '' || given === '';
  return {
    find: (identity) => find.get(identity),
    remember: (patient) =>
      database.transaction(() => {
        const known = find.get(patient);
        if (!known) return { ...patient, patientKey: Number(insert.run(patient).lastInsertRowid) };
        if (
          filled(known.PatientName, patient.PatientName) &&
          filled(known.PatientBirthDate, patient.PatientBirthDate) &&
          filled(known.PatientSex, patient.PatientSex)
        )
          return known;
        fill.run({ ...patient, patientKey: known.patientKey });
        return find.get(patient)!;
      }),
  };
}
