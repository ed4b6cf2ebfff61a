import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../../core/folder.js';

/**
 * The folders below the data folder: `instances/<study>/<series>/<instance>.dcm`, `quarantine/<sha256>.dcm`, and
 * `incoming/` for what is not yet durable.
 */
export const dataFolders = {
  instances: 'instances',
  quarantine: 'quarantine',
  incoming: 'incoming',
} as const;

/**
 * Creates folders and makes their names durable once, up to the data folder: like `makeFolder` of `core/`, but the
 * event loop continues while the disk works.
 */
export class DurableFolders {
  readonly #root: string;
  #known = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async ensure(folder: string): Promise<void> {
    // Checked even if known: somebody may have removed it.
    if (this.#known.has(folder) && existsSync(folder)) return;
    mkdirSync(folder, { recursive: true });
    for (let parent = dirname(folder); parent.length >= this.#root.length; parent = dirname(parent))
      await syncFolder(parent);
    // A bound, not a cache policy: knowing a folder only saves syncing its parents.
    if (this.#known.size > 10_000) this.#known = new Set();
    this.#known.add(folder);
  }
}
