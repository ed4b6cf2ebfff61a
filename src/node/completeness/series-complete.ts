import type { SeriesRow, Store } from '../../store/store.js';
import type { Destination } from '../delivery/destinations.js';
import { enqueueForwarding, requestAnalysis } from '../queue/case-jobs.js';
import type { JobQueue } from '../queue/job-queue.js';
import { gatherEvidence } from './evidence.js';
import { mayBeVolume, type CompletenessRules } from './judge.js';

export interface SeriesCompleteContext {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly destinations: readonly Pick<Destination, 'name' | 'calledAETitle' | 'forwardOriginals'>[];
  readonly rules: CompletenessRules & { readonly spacingTolerance: number };
}

/**
 * What follows from a series that has fully arrived, in the commit that says so:
 *
 * 1. it is forwarded as received to every destination that wants originals;
 * 2. its study is analysed, unless another series that may be the one to analyse is still arriving.
 */
export function seriesComplete(context: SeriesCompleteContext, series: SeriesRow): void {
  const { store, queue } = context;
  if (series.origin === 'received')
    for (const { name } of context.destinations.filter(wantsOriginalsOf(series)))
      enqueueForwarding(queue, name, series.SeriesInstanceUID);
  const siblings = store.series.ofStudy(series.StudyInstanceUID).filter(({ origin }) => origin === 'received');
  if (!siblings.some((sibling) => holdsBack(context, sibling))) requestAnalysis(context, series.StudyInstanceUID);
}

/** A PACS that sends studies already has what it sent. */
const wantsOriginalsOf =
  ({ callingAETitle }: SeriesRow) =>
  ({ forwardOriginals, calledAETitle }: SeriesCompleteContext['destinations'][number]): boolean =>
    forwardOriginals && calledAETitle !== callingAETitle;

/** Whether a study waits for this series: it is still arriving, and may yet be the one to analyse. */
function holdsBack({ store, rules }: SeriesCompleteContext, series: SeriesRow): boolean {
  if (series.state !== 'receiving') return false;
  if (series.associationReleasedAt === null) return true;
  // All of it has been sent: a localiser would only make the study wait for its timer.
  return mayBeVolume(gatherEvidence(store, series.SeriesInstanceUID, rules.spacingTolerance), rules);
}
