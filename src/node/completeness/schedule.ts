import type { Clock } from '../../core/clock.js';
import type { JobQueue } from '../queue/job-queue.js';
import type { JobHandler } from '../queue/runner.js';
import type { SeriesRow } from '../../store/store.js';
import type { Store } from '../../store/store.js';
import type { CompletenessVerdict } from '../../model/evidence.js';
import { gatherEvidence } from './evidence.js';
import { judgeCompleteness, type CompletenessRules } from './judge.js';

const jobKey = (SeriesInstanceUID: string) => `complete:${SeriesInstanceUID}`;

/**
 * Schedules the verdict on a series for `at` (another call moves it). It takes no turn in its patient's order: a
 * localiser that waits for its timer must not hold up the series that matters.
 */
function scheduleCompleteness(queue: JobQueue, series: SeriesRow, at: number): void {
  queue.enqueue(
    {
      key: jobKey(series.SeriesInstanceUID),
      kind: 'complete',
      payload: { SeriesInstanceUID: series.SeriesInstanceUID },
      runAfter: at,
      priority: 10,
    },
    { known: 'refresh' },
  );
}

/**
 * After each instance the timer restarts. A verdict that is due earlier is left as it is, because it will find the
 * newer time and wait on: a slice of a long series writes no job.
 */
export function instanceArrived(queue: JobQueue, series: SeriesRow, rules: CompletenessRules): void {
  const at = series.lastInstanceAt + rules.timerSeconds * 1000;
  if (!queue.isQueuedFor(jobKey(series.SeriesInstanceUID), at)) scheduleCompleteness(queue, series, at);
}

/** After an orderly release: the evidence may suffice once the series has settled. */
export function seriesReleased(
  store: Store,
  queue: JobQueue,
  SeriesInstanceUIDs: readonly string[],
  now: number,
  rules: CompletenessRules,
): void {
  const wait = Math.min(rules.settleSeconds, rules.timerSeconds) * 1000;
  for (const SeriesInstanceUID of SeriesInstanceUIDs) {
    const series = store.series.find(SeriesInstanceUID);
    if (series?.state === 'receiving') scheduleCompleteness(queue, series, now + wait);
  }
}

/**
 * On start-up: every series that is still receiving has its timer. Restores what a kill between two commits may have
 * lost; finds nothing to do otherwise.
 */
export function resumeCompleteness(store: Store, queue: JobQueue, rules: CompletenessRules): void {
  for (const series of store.series.receiving()) {
    const job = queue.find(jobKey(series.SeriesInstanceUID));
    if (job?.state !== 'queued' && job?.state !== 'running') instanceArrived(queue, series, rules);
  }
}

/**
 * Handler of the completeness jobs. If a series is complete, its state and whatever `onComplete` enqueues are one
 * commit; otherwise the job waits until it is due again.
 */
export function completenessHandler(options: {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly rules: CompletenessRules & { readonly spacingTolerance: number };
  readonly onComplete: (series: SeriesRow, verdict: CompletenessVerdict) => void;
}): JobHandler<'complete'> {
  const { store, queue, clock, rules, onComplete } = options;
  return ({ SeriesInstanceUID }) => {
    store.transaction(() => {
      const series = store.series.find(SeriesInstanceUID);
      if (series?.state !== 'receiving') return;
      const evidence = gatherEvidence(store, SeriesInstanceUID, rules.spacingTolerance);
      const verdict = judgeCompleteness(evidence, clock.now(), rules);
      store.series.setCompleteness(SeriesInstanceUID, verdict);
      if (!verdict.complete) return scheduleCompleteness(queue, series, verdict.nextLookAt!);
      store.series.setState(SeriesInstanceUID, 'complete');
      onComplete(store.series.find(SeriesInstanceUID)!, verdict);
    });
    return Promise.resolve();
  };
}
