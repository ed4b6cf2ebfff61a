import type { Clock } from '../../core/clock.js';
import type { Config } from '../../core/config.js';
import type { Logger } from '../../core/log.js';
import type { Store } from '../../store/store.js';
import { seriesReleased } from '../completeness/schedule.js';
import type { Destination } from '../delivery/destinations.js';
import type { JobQueue } from '../queue/job-queue.js';
import { instanceCommitted } from './instance-committed.js';
import { openReceiver, type Receiver } from './receiver.js';

/**
 * From socket, or file, to durable and indexed instance: the receiver, with what one commit does
 * ({@link instanceCommitted}) and what an orderly release starts.
 */
export function openIngest(context: {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly config: Pick<Config, 'dataDir' | 'dicom' | 'time' | 'completeness'>;
  readonly destinations: readonly Pick<Destination, 'calledAETitle' | 'sendsStudies'>[];
  readonly clock: Clock;
  readonly logger: Logger;
}): Receiver {
  const { store, queue, config, destinations, clock, logger } = context;
  const { dataDir, dicom, time, completeness } = config;
  const commit = {
    store,
    queue,
    completeness,
    index: { issuers: dicom.issuers, zone: time.zone },
    reviewers: dicom.reviewers,
  };
  return openReceiver({
    store,
    dataDir,
    logger,
    clock,
    index: (header, instance, source) => instanceCommitted(commit, header, instance, source),
    // What comes back from a destination is not a study to analyse, unless the destination is a PACS that sends them.
    isDestination: (aeTitle) =>
      destinations.some(({ calledAETitle, sendsStudies }) => calledAETitle === aeTitle && !sendsStudies),
    onSeriesReleased: (uids) => seriesReleased(store, queue, uids, clock.now(), completeness),
  });
}
