import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PrioraError } from '../../core/errors.js';

/**
 * All regular files among `paths` and below the folders among them, in a stable order.
 *
 * @throws PrioraError USAGE_INVALID for a path that does not exist.
 */
export function inputFiles(paths: readonly string[]): string[] {
  return paths.flatMap((given) => {
    const path = resolve(given);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) throw new PrioraError('USAGE_INVALID', `${given} does not exist`);
    if (stats.isFile()) return [path];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  });
}
