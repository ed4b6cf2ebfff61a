import type { PatientRow, StudyRow } from '../../store/rows.js';
import type { Store } from '../../store/store.js';

/**
 * A person has found out that two patients are one. The studies of `from` are filed under `into`, now and in future; of lesions
 * that both call by the same name, those of `from` get a new one. Tracking UIDs stay.
 *
 * @returns the studies of both, to be read again in their common order.
 */
export function mergePatients(
  store: Store,
  from: Pick<PatientRow, 'patientKey'>,
  into: Pick<PatientRow, 'patientKey'>,
): StudyRow[] {
  return store.transaction(() => {
    const names = new Set(store.cases.identities(into.patientKey).map(({ trackingID }) => trackingID));
    const moved = store.cases.identities(from.patientKey);
    let number = names.size + moved.length;
    for (const { trackingUID, trackingID } of moved)
      if (names.has(trackingID)) store.cases.renameLesion({ trackingUID, trackingID: `Lesion ${++number}` });
    store.patients.merge(from.patientKey, into.patientKey);
    return store.studies.ofPatient(into.patientKey);
  });
}
