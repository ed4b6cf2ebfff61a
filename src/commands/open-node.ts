import { loadConfig, type Config } from '../core/config.js';
import { makeNamedFolder } from '../core/folder.js';
import { openQueue } from '../jobs/queue.js';
import type { JobQueue } from '../jobs/job.js';
import { databasePath, openStore, type Store } from '../store/store.js';

/** A node's index and queue, opened beside the running node (or without one). */
export interface OpenNode {
  readonly config: Config;
  readonly store: Store;
  readonly queue: JobQueue;
}

/** Runs `work` on the data folder that the configuration names, and closes it again. */
export async function withNode<T>(
  configPath: string | undefined,
  work: (node: OpenNode) => T | Promise<T>,
): Promise<T> {
  const config = loadConfig(configPath);
  makeNamedFolder(config.dataDir, 'dataDir');
  const store = openStore(databasePath(config.dataDir));
  try {
    return await work({ config, store, queue: openQueue(store) });
  } finally {
    store.close();
  }
}
