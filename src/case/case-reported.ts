import type { Clock } from '../core/clock.js';
import { objectsFor } from '../deliver/destinations.js';
import { enqueueAnalysis, enqueueDelivery } from './case-jobs.js';
import type { JobQueue } from '../jobs/job.js';
import type { Mappings } from '../mappings.js';
import { studiesAffectedBy } from '../match/find-prior.js';
import type { CaseRow, Store } from '../store/store.js';
import { objectsOf } from './write-objects.js';

/**
 * What follows from a reported case, in the same commit: its objects go to every destination that wants them, and the next time
 * point, as well as every study whose prior this one is, runs again (finding its finished case when nothing changed for it).
 */
export function caseReported(
  { store, queue, mappings, clock }: { store: Store; queue: JobQueue; mappings: Mappings; clock: Clock },
  finished: CaseRow,
): void {
  const { caseKey } = finished;
  const objects = objectsOf(store, finished);
  for (const destination of mappings.destinations) {
    const wanted = objectsFor(destination, objects);
    for (const { SOPInstanceUID } of wanted) {
      store.deliveries.request({ SOPInstanceUID, destination: destination.name, caseKey }, clock.now());
    }
    if (wanted.length > 0) enqueueDelivery(queue, destination.name, caseKey);
  }
  const series = store.series.find(finished.SeriesInstanceUID!)!;
  for (const later of studiesAffectedBy(store, series, mappings.priorMatching)) enqueueAnalysis(queue, later);
  const next = store.cases
    .standing(finished.patientKey)
    .find(({ acquiredAt }) => acquiredAt !== null && acquiredAt > series.acquiredAt!);
  if (next) enqueueAnalysis(queue, store.series.find(next.SeriesInstanceUID!)!);
}
