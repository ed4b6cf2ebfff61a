import { patientOrderKey, patientSerialKey } from '../complete/schedule.js';
import type { JobQueue } from '../jobs/job.js';
import type { SeriesRow } from '../store/store.js';

/** Kinds of the jobs that carry a study from complete to delivered; `complete` comes before them. */
export const jobKinds = { analyse: 'analyse', deliver: 'deliver', forward: 'forward' } as const;

/** A study is to be analysed (again). Cases of one patient run one at a time, in the order of acquisition. */
export function enqueueAnalysis(queue: JobQueue, series: SeriesRow): void {
  queue.enqueue(
    {
      key: `${jobKinds.analyse}:${series.StudyInstanceUID}`,
      kind: jobKinds.analyse,
      payload: { StudyInstanceUID: series.StudyInstanceUID },
      serialKey: patientSerialKey(series.patientKey),
      orderKey: patientOrderKey(series),
    },
    { known: 'refresh' },
  );
}

/** The pending objects of a case are to go to a destination. */
export function enqueueDelivery(queue: JobQueue, destination: string, caseKey: number): void {
  queue.enqueue({
    key: `${jobKinds.deliver}:${destination}:${caseKey}`,
    kind: jobKinds.deliver,
    payload: { destination, caseKey },
  });
}

/** A complete series is to go to a destination as it was received. */
export function enqueueForwarding(queue: JobQueue, destination: string, SeriesInstanceUID: string): void {
  queue.enqueue(
    {
      key: `${jobKinds.forward}:${destination}:${SeriesInstanceUID}`,
      kind: jobKinds.forward,
      payload: { destination, SeriesInstanceUID },
    },
    { known: 'refresh' },
  );
}
