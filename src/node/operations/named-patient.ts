import { PrioraError } from '../../core/errors.js';
import type { PatientRow, Store } from '../../store/store.js';

/**
 * The patient named on the command line, or the patient with whom that one was merged.
 *
 * @param issuer required if several issuers use the PatientID.
 * @throws PrioraError NOT_IN_INDEX; USAGE_INVALID for a PatientID that several issuers use.
 */
export function namedPatient({ patients }: Store, PatientID: string, issuer: string | undefined): PatientRow {
  const found = patients
    .ofPatientID(PatientID)
    .filter(({ IssuerOfPatientID }) => issuer === undefined || IssuerOfPatientID === issuer);
  if (found.length === 0) throw new PrioraError('NOT_IN_INDEX', `there is no patient ${PatientID} in the index`);
  if (new Set(found.map(({ patientKey }) => patientKey)).size > 1) {
    const issuers = found.map(({ IssuerOfPatientID }) => IssuerOfPatientID || '(none)').join(', ');
    throw new PrioraError('USAGE_INVALID', `patient ${PatientID} exists for several issuers; name one of ${issuers}`);
  }
  return patients.get(found[0].patientKey);
}
