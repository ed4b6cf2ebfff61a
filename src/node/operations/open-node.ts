import { loadConfig, type Config } from '../../core/config.js';
import { makeNamedFolder } from '../../core/folder.js';
import { openQueue } from '../queue/queue.js';
import type { JobQueue } from '../queue/job-queue.js';
import { databasePath, openStore, openStoreToRead, type Store } from '../../store/store.js';

/** A node's index and queue, opened alongside the running node, or without one. */
export interface OpenNode {
  readonly config: Config;
  readonly store: Store;
  readonly queue: JobQueue;
}

type Work<T> = (node: OpenNode) => T | Promise<T>;

/** Runs `work` on the configured data folder, which is created and migrated as needed, and closes it again. */
export async function withNode<T>(configPath: string | undefined, work: Work<T>): Promise<T> {
  const config = loadConfig(configPath);
  makeNamedFolder(config.dataDir, 'dataDir');
  return use(config, openStore(databasePath(config.dataDir)), work);
}

/**
 * The same for work that only reads: nothing is created, migrated or written, so that it can do no harm in a wrong folder
 * or alongside a node of another version.
 *
 * @throws PrioraError CONFIG_INVALID if there is no index, DATABASE_TOO_OLD, DATABASE_TOO_NEW
 */
export async function readNode<T>(configPath: string | undefined, work: Work<T>): Promise<T> {
  const config = loadConfig(configPath);
  return use(config, openStoreToRead(databasePath(config.dataDir)), work);
}

async function use<T>(config: Config, store: Store, work: Work<T>): Promise<T> {
  try {
    return await work({ config, store, queue: openQueue(store) });
  } finally {
    store.close();
  }
}
