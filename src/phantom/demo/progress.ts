import { openQueue } from '../../node/queue/queue.js';
import type { Store } from '../../store/store.js';

/** The node of a demonstration, as {@link progressOf} watches it. */
export interface WatchedNode {
  /** Its database. */
  readonly store: Store;
  readonly isRunning: () => boolean;
  /** Name of the destination that must take every object. */
  readonly destination: string;
  readonly studies: readonly { readonly title: string; readonly StudyInstanceUID: string }[];
}

/**
 * Watches a node's queue and deliveries through its database.
 *
 * @returns a look at them, which says each stage as it begins and throws as soon as there is nothing to wait for any more: the node
 * has ended, a job has failed, or an object was not taken, which a node would try again for a day.
 */
export function progressOf(node: WatchedNode, say: (line: string) => void): () => void {
  const { store, destination } = node;
  const queue = openQueue(store);
  const seen = new Set<string>();
  return () => {
    if (!node.isRunning()) throw new Error('the node ended before the results arrived');
    for (const { key, stage } of queue.list({ kind: 'analyse', state: 'running' })) {
      const study = node.studies.find(({ StudyInstanceUID }) => key.endsWith(StudyInstanceUID));
      const line = `  ${study?.title ?? key}: ${stage?.split(' ')[0] ?? 'starting'}`;
      if (!seen.has(line)) say(line);
      seen.add(line);
    }
    const failed = queue.list({ state: 'failed' }).map(({ key, error }) => `${key}: ${error}`);
    const refused = [...store.deliveries.pending(destination), ...store.deliveries.failed()]
      .filter(({ lastError }) => lastError !== null)
      .map(
        (delivery) => `${delivery.SOPInstanceUID} was not accepted by ${delivery.destination}: ${delivery.lastError}`,
      );
    const wrong = [...failed, ...refused];
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  };
}
