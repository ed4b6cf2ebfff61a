import { reviewClasses } from '../../dicom/uid.js';
import type { JobQueue } from '../queue/job.js';
import type { InstanceRow, SeriesRow, Store } from '../../store/store.js';
import { enqueueAnalysis } from '../queue/case-jobs.js';

/**
 * A segmentation or report was indexed: notes it as a review of its study, and has a study that was read before read again.
 * Called in the transaction that makes the instance durable, so that no review is lost or taken twice. An object of our own
 * that comes back says nothing new.
 *
 * @param reviewers AE titles whose objects correct results; where there are none, nothing is noted.
 */
export function reviewArrived(
  { store, queue, reviewers }: { store: Store; queue: JobQueue; reviewers: readonly string[] },
  { SOPInstanceUID, SOPClassUID, receivedAt }: InstanceRow,
  { StudyInstanceUID }: SeriesRow,
  callingAETitle: string,
): void {
  if (reviewers.length === 0 || !reviewClasses.has(SOPClassUID) || store.objects.find(SOPInstanceUID)) return;
  const listed = reviewers.includes(callingAETitle);
  store.reviews.insert(
    { SOPInstanceUID, StudyInstanceUID, receivedAt, callingAETitle },
    listed ? null : 'its sender is not listed in dicom.reviewers',
  );
  const images = store.series.ofStudy(StudyInstanceUID).find(({ origin }) => origin === 'received');
  if (listed && images && store.cases.latestReportedOfStudy(StudyInstanceUID)) enqueueAnalysis(queue, images);
}
