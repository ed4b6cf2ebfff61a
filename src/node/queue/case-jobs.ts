import type { Config } from '../../core/config.js';
import type { JobQueue } from './job-queue.js';
import type { RetryPolicy } from './retry-policy.js';
import type { CaseRow, SeriesRow, Store } from '../../store/store.js';

/** How long a destination that does not take what it is sent is tried again. */
export function deliveryRetryPolicy({ delivery }: Config): Partial<RetryPolicy> {
  const { firstRetrySeconds, longestRetrySeconds, giveUpAfterSeconds } = delivery;
  // Doubling from the first to the longest delay, then one try each longest delay until the limit.
  const doublings = Math.max(Math.ceil(Math.log2(longestRetrySeconds / firstRetrySeconds)), 0);
  return {
    firstDelayMs: firstRetrySeconds * 1000,
    longestDelayMs: longestRetrySeconds * 1000,
    transientTries: 1 + doublings + Math.ceil(giveUpAfterSeconds / Math.max(longestRetrySeconds, 1)),
  };
}

/** Where a series stands in its patient's order: its acquisition, or its arrival when that is unknown. */
export const patientOrderKey = (series: SeriesRow): number => series.acquiredAt ?? series.firstInstanceAt;

const analysisKey = (StudyInstanceUID: string) => `analyse:${StudyInstanceUID}`;

/**
 * A study is to be analysed (again). Cases of one patient run one at a time, in the order of acquisition. A study without images
 * is left alone.
 */
export function requestAnalysis(
  { store, queue }: { readonly store: Store; readonly queue: JobQueue },
  StudyInstanceUID: string,
): void {
  const analysed = store.cases.latestReportedOfStudy(StudyInstanceUID)?.SeriesInstanceUID;
  const received = store.series.ofStudy(StudyInstanceUID).filter(({ origin }) => origin === 'received');
  const series = received.find(({ SeriesInstanceUID }) => SeriesInstanceUID === analysed) ?? received.at(0);
  if (!series) return;
  queue.enqueue(
    {
      key: analysisKey(StudyInstanceUID),
      kind: 'analyse',
      payload: { StudyInstanceUID },
      serialKey: `patient:${series.patientKey}`,
      orderKey: patientOrderKey(series),
    },
    { known: 'refresh' },
  );
}

/** Whether a study waits for its analysis, or is being analysed. */
export function isAnalysisPending(queue: JobQueue, StudyInstanceUID: string): boolean {
  const state = queue.find(analysisKey(StudyInstanceUID))?.state;
  return state === 'queued' || state === 'running';
}

/** The pending objects of a case are to go to a destination; after those of the study's earlier cases, or a report would come back over its successor. */
export function enqueueDelivery(
  queue: JobQueue,
  destination: string,
  { caseKey, StudyInstanceUID }: Pick<CaseRow, 'caseKey' | 'StudyInstanceUID'>,
): void {
  queue.enqueue({
    key: `deliver:${destination}:${caseKey}`,
    kind: 'deliver',
    payload: { destination, caseKey },
    serialKey: `deliver:${destination}:${StudyInstanceUID}`,
    orderKey: caseKey,
  });
}

/** A complete series is to go to a destination as it was received. */
export function enqueueForwarding(queue: JobQueue, destination: string, SeriesInstanceUID: string): void {
  queue.enqueue(
    {
      key: `forward:${destination}:${SeriesInstanceUID}`,
      kind: 'forward',
      payload: { destination, SeriesInstanceUID },
    },
    { known: 'refresh' },
  );
}
