import type { InstanceHeader } from '../../dicom/instance-header.js';
import { reviewClasses } from '../../dicom/uid.js';
import type { InstanceRow, SeriesOrigin, SeriesRow, Store } from '../../store/store.js';
import type { CompletenessRules } from '../completeness/judge.js';
import { instanceArrived } from '../completeness/schedule.js';
import { requestAnalysis } from '../queue/case-jobs.js';
import type { JobQueue } from '../queue/job-queue.js';
import { indexInstance, type IndexRules } from './index-instance.js';

export interface CommitContext {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly index: IndexRules;
  readonly completeness: CompletenessRules;
  /** AE titles whose objects correct results; if there are none, no correction is recorded. */
  readonly reviewers: readonly string[];
}

/** Where an instance came from. */
export interface InstanceSource {
  readonly callingAETitle: string;
  readonly origin: SeriesOrigin;
}

/**
 * What the commit that makes an instance durable does, once its file is on disk under its name:
 *
 * 1. it is filed under its patient, study and series, and the study is put on hold if identity or time cannot be
 *   trusted;
 * 2. the completeness timer of its series restarts;
 * 3. a reader's segmentation or report is recorded as a correction, and a study already analysed is analysed again.
 *
 * C-STORE is answered with Success after this commit and never before it.
 */
export function instanceCommitted(
  context: CommitContext,
  header: InstanceHeader,
  instance: InstanceRow,
  source: InstanceSource,
): void {
  const series = indexInstance(context.store, header, instance, source, context.index);
  instanceArrived(context.queue, series, context.completeness);
  if (isReview(context, instance)) reviewArrived(context, instance, series, source.callingAETitle);
}

/** An object of our own that comes back says nothing new. */
const isReview = ({ store, reviewers }: CommitContext, { SOPClassUID, SOPInstanceUID }: InstanceRow): boolean =>
  reviewers.length > 0 && reviewClasses.has(SOPClassUID) && !store.objects.find(SOPInstanceUID);

function reviewArrived(
  { store, queue, reviewers }: CommitContext,
  { SOPInstanceUID, receivedAt }: InstanceRow,
  { StudyInstanceUID }: SeriesRow,
  callingAETitle: string,
): void {
  const listed = reviewers.includes(callingAETitle);
  store.reviews.insert(
    { SOPInstanceUID, StudyInstanceUID, receivedAt, callingAETitle },
    listed ? null : 'its sender is not listed in dicom.reviewers',
  );
  if (listed && store.cases.latestReportedOfStudy(StudyInstanceUID))
    requestAnalysis({ store, queue }, StudyInstanceUID);
}
