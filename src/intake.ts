import type { Clock } from './core/clock.js';
import type { Config } from './core/config.js';
import type { Logger } from './core/log.js';
import type { JobQueue } from './jobs/job.js';
import { instanceArrived, resumeCompleteness, seriesReleased } from './complete/schedule.js';
import { indexInstance } from './index/index-instance.js';
import { openReceiver, type Receiver } from './receive/receiver.js';
import type { Store } from './store/store.js';

/**
 * Receive → index → completeness timer, put together: an instance's file, its index row and its series' timer become
 * durable in one commit, so that a kill at any moment leaves all of them or none.
 */
export function openIntake(options: {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly config: Pick<Config, 'dataDir' | 'dicom' | 'time' | 'completeness'>;
  readonly isDestination?: (aeTitle: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}): Receiver {
  const { store, queue, config, clock, logger, isDestination } = options;
  const rules = { issuers: config.dicom.issuers, zone: config.time.zone };
  resumeCompleteness(store, queue, config.completeness);
  return openReceiver({
    store,
    dataDir: config.dataDir,
    clock,
    logger,
    ...(isDestination ? { isDestination } : {}),
    index: (header, instance, source) =>
      instanceArrived(queue, indexInstance(store, header, instance, source, rules), config.completeness),
    onSeriesReleased: (uids) => seriesReleased(store, queue, uids, clock.now(), config.completeness),
  });
}
