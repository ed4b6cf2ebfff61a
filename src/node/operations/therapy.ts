import { standingTimePoints } from '../../analysis/case/time-points.js';
import type { Immunotherapy } from '../../model/response.js';
import { requestAnalysis } from '../queue/case-jobs.js';
import type { OpenNode } from './open-node.js';

/**
 * Records what an operator knows about a patient's therapy and queues what depends on it: every time point but the
 * baseline.
 *
 * @returns how many studies are queued; null if it was already known.
 */
export function setImmunotherapy(
  { store, queue }: Pick<OpenNode, 'store' | 'queue'>,
  patient: { readonly patientKey: number; readonly immunotherapy: Immunotherapy },
  immunotherapy: Immunotherapy,
): number | null {
  if (patient.immunotherapy === immunotherapy) return null;
  return store.transaction(() => {
    store.patients.setImmunotherapy(patient.patientKey, immunotherapy);
    const [, ...later] = standingTimePoints(store, patient.patientKey);
    for (const { row } of later) requestAnalysis({ store, queue }, row.StudyInstanceUID);
    return later.length;
  });
}
