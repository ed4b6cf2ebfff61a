import type { Database } from './database.js';
import type { Immunotherapy } from '../findings/response.js';
import type { PatientRow } from './rows.js';

export interface PatientTable {
  find(identity: { IssuerOfPatientID: string; PatientID: string }): PatientRow | undefined;
  get(patientKey: number): PatientRow;
  /** Those of every issuer. */
  ofPatientID(PatientID: string): PatientRow[];
  /** The patient, created from these values when unknown. An empty stored value is filled, nothing else is changed. */
  remember(patient: Omit<PatientRow, 'patientKey' | 'immunotherapy'>): PatientRow;
  setImmunotherapy(patientKey: number, immunotherapy: Immunotherapy): void;
}

export function patientTable(database: Database): PatientTable {
  const find = database.prepare<PatientRow>(
    'SELECT * FROM patients WHERE PatientID = :PatientID AND IssuerOfPatientID = :IssuerOfPatientID',
  );
  const get = database.prepare<PatientRow>('SELECT * FROM patients WHERE patientKey = :patientKey');
  const ofPatientID = database.prepare<PatientRow>(
    'SELECT * FROM patients WHERE PatientID = :PatientID ORDER BY IssuerOfPatientID',
  );
  const setImmunotherapy = database.prepare(
    'UPDATE patients SET immunotherapy = :immunotherapy WHERE patientKey = :patientKey',
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
    ofPatientID: (PatientID) => ofPatientID.all({ PatientID }),
    get: (patientKey) => get.get({ patientKey })!,
    remember: (patient) =>
      database.transaction(() => {
        const known = find.get(patient);
        if (!known) return get.get({ patientKey: Number(insert.run(patient).lastInsertRowid) })!;
        if (
          filled(known.PatientName, patient.PatientName) &&
          filled(known.PatientBirthDate, patient.PatientBirthDate) &&
          filled(known.PatientSex, patient.PatientSex)
        )
          return known;
        fill.run({ ...patient, patientKey: known.patientKey });
        return find.get(patient)!;
      }),
    setImmunotherapy: (patientKey, immunotherapy) => void setImmunotherapy.run({ patientKey, immunotherapy }),
  };
}
