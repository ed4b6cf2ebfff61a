import { PrioraError } from '../../core/errors.js';
import type { PatientRow, Store } from '../../store/store.js';

/**
 * The patient that a person names on the command line; of one that was merged into another, that one.
 *
 * @param issuer needed where several issuers use the PatientID.
 * @throws PrioraError NOT_IN_INDEX; USAGE_INVALID for a PatientID that several issuers use.
 */
export function namedPatient({ patients }: Store, PatientID: string, issuer: string | undefined): PatientRow {
  const found = patients
    .ofPatientID(PatientID)
    .filter(({ IssuerOfPatientID }) => issuer === undefined || IssuerOfPatientID === issuer);
  if (found.length === 0) throw new PrioraError('NOT_IN_INDEX', `no patient ${PatientID} in the index`);
  if (new Set(found.map(({ patientKey }) => patientKey)).size > 1) {
    const issuers = found.map(({ IssuerOfPatientID }) => IssuerOfPatientID || '(none)').join(', ');
    throw new PrioraError('USAGE_INVALID', `patient ${PatientID} exists for several issuers, name one: ${issuers}`);
  }
  return patients.get(found[0].patientKey);
}
