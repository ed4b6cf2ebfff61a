import { setImmediate } from 'node:timers/promises';
import { asStorageError } from '../../core/storage-error.js';
import type { Store } from '../../store/store.js';
import { syncFolder } from '../../core/folder.js';

interface Entry {
  readonly folder: string;
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes renamed files and their index rows durable together: folder syncs, then one commit for everything that arrived
 * while the last one was under way or in the same turn of the event loop. A single association pays for its own waits;
 * several share them.
 */
export class GroupCommit {
  readonly #store: Store;
  #waiting: Entry[] = [];
  #busy = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Syncs `folder`, then runs `apply` in a transaction with others; resolves once that is on disk.
   *
   * @throws whatever `apply` throws; PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  add(folder: string, apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ folder, apply, resolve, reject });
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      // Files whose syncs ended together form one group.
      await setImmediate();
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await Promise.all([...new Set(group.map(({ folder }) => folder))].map(syncFolder));
        this.#commit(group);
      } catch (error) {
        group.forEach(({ reject }) => reject(asStorageError(error)));
      }
    }
    this.#busy = false;
  }

  #commit(group: Entry[]): void {
    try {
      this.#store.transaction(() => group.forEach(({ apply }) => apply()));
    } catch (error) {
      if (group.length === 1) return group[0].reject(error);
      // One bad entry must not cost its neighbours: each gets a transaction of its own.
      return group.forEach((entry) => this.#commit([entry]));
    }
    group.forEach(({ resolve }) => resolve());
  }
}
