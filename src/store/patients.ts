import type { Database } from './database.js';
import type { Immunotherapy } from '../model/response.js';

/** A patient. */
export interface PatientRow {
  /** Under which studies are filed: of a patient that was merged into another one, that one's key. */
  readonly patientKey: number;
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  readonly PatientName: string;
  readonly PatientBirthDate: string;
  readonly PatientSex: string;
  /** What a person told with `priora therapy`. */
  readonly immunotherapy: Immunotherapy;
}

export interface PatientTable {
  find(identity: { IssuerOfPatientID: string; PatientID: string }): PatientRow | undefined;
  get(patientKey: number): PatientRow;
  /** The patients with this PatientID, of every issuer. */
  ofPatientID(PatientID: string): PatientRow[];
  /**
   * The patient, created from these values if unknown. An empty stored value is filled in; nothing else is changed.
   *
   * @param found what `find` has just returned for this identity [looked up].
   */
  remember(patient: Omit<PatientRow, 'patientKey' | 'immunotherapy'>, found?: PatientRow): PatientRow;
  setImmunotherapy(patientKey: number, immunotherapy: Immunotherapy): void;
  /** Files the studies of `from`, and whatever arrives under its identity, under `into`. */
  merge(from: number, into: number): void;
}

/** A merged patient keeps its own record, with which new arrivals are compared; only the key is the other's. */
const columns = `coalesce(mergedInto, patientKey) AS patientKey, IssuerOfPatientID, PatientID, PatientName,
  PatientBirthDate, PatientSex, immunotherapy FROM patients`;

export function patientTable(database: Database): PatientTable {
  const find = database.prepare<PatientRow>(
    `SELECT ${columns} WHERE PatientID = :PatientID AND IssuerOfPatientID = :IssuerOfPatientID`,
  );
  const get = database.prepare<PatientRow>(`SELECT ${columns} WHERE patients.patientKey = :patientKey`);
  const ofPatientID = database.prepare<PatientRow>(
    `SELECT ${columns} WHERE PatientID = :PatientID ORDER BY IssuerOfPatientID`,
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
     WHERE PatientID = :PatientID AND IssuerOfPatientID = :IssuerOfPatientID`,
  );
  const merge = [
    'UPDATE studies SET patientKey = :into WHERE patientKey = :from',
    'UPDATE series SET patientKey = :into WHERE patientKey = :from',
    'UPDATE patients SET mergedInto = :into WHERE patientKey = :from OR mergedInto = :from',
    `UPDATE patients SET immunotherapy = (SELECT immunotherapy FROM patients WHERE patientKey = :from)
     WHERE patientKey = :into AND immunotherapy = 'unknown'`,
  ].map((sql) => database.prepare(sql));
  const filled = (known: string, given: string) => known !== '' || given === '';
  return {
    find: (identity) => find.get(identity),
    ofPatientID: (PatientID) => ofPatientID.all({ PatientID }),
    get: (patientKey) => get.get({ patientKey })!,
    remember: (patient, found) =>
      database.transaction(() => {
        const known = found ?? find.get(patient);
        if (!known) return get.get({ patientKey: Number(insert.run(patient).lastInsertRowid) })!;
        if (
          filled(known.PatientName, patient.PatientName) &&
          filled(known.PatientBirthDate, patient.PatientBirthDate) &&
          filled(known.PatientSex, patient.PatientSex)
        )
          return known;
        fill.run(patient);
        return find.get(patient)!;
      }),
    setImmunotherapy: (patientKey, immunotherapy) => void setImmunotherapy.run({ patientKey, immunotherapy }),
    merge: (from, into) => database.transaction(() => merge.forEach((statement) => statement.run({ from, into }))),
  };
}
