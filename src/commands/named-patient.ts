import { PrioraError } from '../core/errors.js';
import type { PatientRow, Store } from '../store/store.js';

/**
 * The patient that a person names on the command line; of one that was merged into another, that one.
 *
 * @param issuer needed where several issuers use the PatientID.
 * @throws PrioraError CONFIG_INVALID for a patient that is not in the index, or not the only one.
 */
export function namedPatient({ patients }: Store, PatientID: string, issuer: string | undefined): PatientRow {
  const found = patients
    .ofPatientID(PatientID)
    .filter(({ IssuerOfPatientID }) => issuer === undefined || IssuerOfPatientID === issuer);
  if (found.length === 0) throw new PrioraError('CONFIG_INVALID', `no patient ${PatientID} in the index`);
  if (new Set(found.map(({ patientKey }) => patientKey)).size > 1) {
    const issuers = found.map(({ IssuerOfPatientID }) => IssuerOfPatientID || '(none)').join(', ');
    throw new PrioraError('CONFIG_INVALID', `patient ${PatientID} exists for several issuers, name one: ${issuers}`);
  }
  return patients.get(found[0].patientKey);
}
