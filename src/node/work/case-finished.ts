import type { Clock } from '../../core/clock.js';
import { objectsFor } from '../delivery/destinations.js';
import { enqueueDelivery, requestAnalysis } from '../queue/case-jobs.js';
import type { JobQueue } from '../queue/job-queue.js';
import type { Mappings } from '../mappings.js';
import { studiesAffectedBy } from '../../analysis/match/find-prior.js';
import type { CaseRow, ReportedCaseRow, SeriesRow, Store } from '../../store/store.js';
import { objectsOf } from '../../analysis/case/write-objects.js';

interface Following {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly mappings: Mappings;
  readonly clock: Clock;
}

/**
 * What follows from a finished case, in the same commit. The objects of a reported case go to every destination that
 * wants them, and every study whose prior it is runs again. So does the next time point, even if the study before it is
 * now rejected or on hold; it finds its finished case if nothing changed for it.
 */
export function caseFinished(following: Following, finished: CaseRow): void {
  // It will run again, and the report before it stands until then.
  if (finished.status === 'failed') return;
  const { store, mappings } = following;
  const standing = finished.status === 'reported' ? finished : superseded(store, finished);
  const series = standing && store.series.find(standing.SeriesInstanceUID)!;
  if (finished.status === 'reported') {
    requestDeliveries(following, finished);
    for (const { StudyInstanceUID } of studiesAffectedBy(store, series!, mappings.priorMatching))
      requestAnalysis(following, StudyInstanceUID);
  }
  const next = series && nextTimePoint(store, series);
  if (next) requestAnalysis(following, next.StudyInstanceUID);
}

/** The report that a case supersedes. */
const superseded = (store: Store, { supersededCaseKey }: CaseRow): ReportedCaseRow | undefined =>
  supersededCaseKey === null ? undefined : store.cases.reported(supersededCaseKey);

const nextTimePoint = (store: Store, { patientKey, acquiredAt: at }: SeriesRow): CaseRow | undefined =>
  store.cases.standing(patientKey).find(({ acquiredAt }) => acquiredAt > at!);

function requestDeliveries({ store, queue, mappings, clock }: Following, finished: ReportedCaseRow): void {
  const { caseKey, StudyInstanceUID } = finished;
  const objects = objectsOf(store, finished);
  for (const destination of mappings.destinations) {
    const wanted = objectsFor(destination, objects);
    for (const { SOPInstanceUID } of wanted)
      store.deliveries.request({ SOPInstanceUID, destination: destination.name, caseKey }, clock.now());
    if (wanted.length > 0) enqueueDelivery(queue, destination.name, { caseKey, StudyInstanceUID });
  }
}
