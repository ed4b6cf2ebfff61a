import { join } from 'node:path';
import { systemClock, type Clock } from '../../../src/core/clock.js';
import { parseConfig, type Config } from '../../../src/core/config.js';
import { silentLogger, type Logger } from '../../../src/core/log.js';
import type { JobQueue } from '../../../src/node/queue/job.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { reviewArrived } from '../../../src/node/ingest/review-arrived.js';
import { instanceArrived, resumeCompleteness, seriesReleased } from '../../../src/node/completeness/schedule.js';
import { indexInstance } from '../../../src/node/ingest/index-instance.js';
import { openReceiver, type Receiver } from '../../../src/node/ingest/receiver.js';
import { openStore, type Store } from '../../../src/store/store.js';

/** The receiving half of a node as `src/node.ts` puts it together: receive → index → completeness timer and review, one commit. */
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
    index: (header, instance, source) => {
      const series = indexInstance(store, header, instance, source, rules);
      instanceArrived(queue, series, config.completeness);
      reviewArrived({ store, queue, reviewers: config.dicom.reviewers }, instance, series, source.callingAETitle);
    },
    onSeriesReleased: (uids) => seriesReleased(store, queue, uids, clock.now(), config.completeness),
  });
}

/** The same on a data folder of its own, as the defaults have it. */
export function openDefaultIntake(dataDir: string): { store: Store; receiver: Receiver } {
  const store = openStore(join(dataDir, 'priora.sqlite'));
  const config = parseConfig({ dataDir });
  return {
    store,
    receiver: openIntake({ store, queue: openQueue(store), config, clock: systemClock, logger: silentLogger }),
  };
}
