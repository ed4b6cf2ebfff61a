import type { OpenNode } from './open-node.js';

/**
 * Queues all failed jobs again, or the one with this key, even if it is done: a study analysed again gets whatever its
 * destinations ask for now. A job that runs sends all of its deliveries that failed.
 *
 * @returns how many jobs were queued.
 */
export function retryFailed({ store, queue }: Pick<OpenNode, 'store' | 'queue'>, key?: string): number {
  if (key !== undefined) return queue.retry(key) ? 1 : 0;
  const failed = queue.list({ state: 'failed' });
  store.transaction(() => {
    for (const job of failed) queue.retry(job.key);
    store.deliveries.retry();
  });
  return failed.length;
}
