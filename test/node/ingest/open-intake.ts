import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.js';
import { parseConfig } from '../../../src/core/config.js';
import { silentLogger } from '../../../src/core/log.js';
import { openIngest } from '../../../src/node/ingest/ingest.js';
import type { Receiver } from '../../../src/node/ingest/receiver.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { openStore, type Store } from '../../../src/store/store.js';

/** The receiving half of a node on a data folder of its own, as the defaults have it. */
export function openDefaultIntake(dataDir: string): { store: Store; receiver: Receiver } {
  const store = openStore(join(dataDir, 'priora.sqlite'));
  const config = parseConfig({ dataDir });
  return {
    store,
    receiver: openIngest({
      store,
      queue: openQueue(store),
      config,
      destinations: [],
      clock: systemClock,
      logger: silentLogger,
    }),
  };
}
