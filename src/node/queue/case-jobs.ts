import type { Config } from '../../core/config.js';
import type { JobQueue } from './job-queue.js';
import type { RetryPolicy } from './retry-policy.js';
import type { CaseRow, SeriesRow, Store } from '../../store/store.js';

/** For how long a destination that does not accept what it is sent is retried. */
export function deliveryRetryPolicy({ delivery }: Config): Partial<RetryPolicy> {
  const { firstRetrySeconds, longestRetrySeconds, giveUpAfterSeconds } = delivery;
  // Doubling from the first to the longest delay, then one attempt per longest delay until the limit.
  const doublings = Math.max(Math.ceil(Math.log2(longestRetrySeconds / firstRetrySeconds)), 0);
  return {
    firstDelayMs: firstRetrySeconds * 1000,
    longestDelayMs: longestRetrySeconds * 1000,
    transientTries: 1 + doublings + Math.ceil(giveUpAfterSeconds / Math.max(longestRetrySeconds, 1)),
  };
}

/** The place of a series in its patient's order: its acquisition time, or its arrival if that is unknown. */
export const patientOrderKey = (series: SeriesRow): number => series.acquiredAt ?? series.firstInstanceAt;

const analysisKey = (StudyInstanceUID: string) => `analyse:${StudyInstanceUID}`;

/**
 * Requests the analysis of a study, again if need be. Cases of one patient run one at a time, in the order of
 * acquisition. A study without images is left alone.
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

/** Whether a study is waiting for its analysis, or being analysed. */
export function isAnalysisPending(queue: JobQueue, StudyInstanceUID: string): boolean {
  const state = queue.find(analysisKey(StudyInstanceUID))?.state;
  return state === 'queued' || state === 'running';
}

/**
 * Requests the delivery of a case's pending objects to a destination, after those of the study's earlier cases;
 * otherwise a report could arrive after its successor.
 */
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

/** Requests the forwarding of a complete series to a destination. */
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
