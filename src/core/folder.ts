import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PrioraError } from './errors.js';

/**
 * Makes a folder that a person named, with its parents, unless it is there.
 *
 * @param named the setting or option that names it.
 * @throws PrioraError CONFIG_INVALID when it cannot be made or not be written.
 */
export function makeNamedFolder(path: string, named: string): void {
  try {
    makeWithParents(path);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new PrioraError('CONFIG_INVALID', `${named}: the folder ${path} cannot be made or written (${code})`, {
      cause,
    });
  }
}

/** Not mkdir's own `recursive`, which tries for ever where the system has no room for folders (below /proc). */
function makeWithParents(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (!existsSync(dirname(path))) makeWithParents(dirname(path));
  mkdirSync(path);
}
