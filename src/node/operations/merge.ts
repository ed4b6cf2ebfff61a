import type { PatientRow, Store, StudyRow } from '../../store/store.js';
import { requestAnalysis } from '../queue/case-jobs.js';
import type { OpenNode } from './open-node.js';

/**
 * Merges two patients and queues their studies to be analysed again; a study whose inputs stay the same finds its
 * finished case.
 *
 * @returns how many studies are queued.
 */
export function mergePatients(
  { store, queue }: Pick<OpenNode, 'store' | 'queue'>,
  from: PatientRow,
  into: PatientRow,
): number {
  return store.transaction(() => {
    const read = filePatientUnder(store, from, into).filter(
      ({ StudyInstanceUID }) => store.cases.latestOfStudy(StudyInstanceUID)?.SeriesInstanceUID,
    );
    for (const { StudyInstanceUID } of read) requestAnalysis({ store, queue }, StudyInstanceUID);
    return read.length;
  });
}

/**
 * Files the studies of `from` under `into`, now and in future, since both are the same person. If both use the same
 * tracking identifier, the lesion of `from` gets a new one. Tracking UIDs stay.
 *
 * @returns the studies of both, to be analysed again in their common order.
 */
function filePatientUnder(
  store: Store,
  from: Pick<PatientRow, 'patientKey'>,
  into: Pick<PatientRow, 'patientKey'>,
): StudyRow[] {
  return store.transaction(() => {
    const names = new Set(store.lesions.identities(into.patientKey).map(({ trackingID }) => trackingID));
    const moved = store.lesions.identities(from.patientKey);
    let number = names.size + moved.length;
    for (const { trackingUID, trackingID } of moved)
      if (names.has(trackingID)) store.lesions.rename({ trackingUID, trackingID: `Lesion ${++number}` });
    store.patients.merge(from.patientKey, into.patientKey);
    return store.studies.ofPatient(into.patientKey);
  });
}
