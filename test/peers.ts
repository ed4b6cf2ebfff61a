import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Whether a program the interop tests use is on PATH (`npm run peers` installs them). Use with `describe.skipIf`. */
export function hasPeer(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The environment of a DCMTK process: without Nagle's delay, or its timing measures 40 ms acknowledgement stalls. */
export const peerEnvironment: NodeJS.ProcessEnv = { ...process.env, TCP_NODELAY: '1' };

/** A folder of real images beside the repository (`../shared/data/<folder>`), or null where there is none. */
export function sharedData(folder: string): string | null {
  const path = resolve(import.meta.dirname, '../../shared/data', folder);
  return existsSync(path) ? path : null;
}

/** Debian's own Python, whose packages the tests use as readers and writers (another one may come first on PATH). */
export const python = '/usr/bin/python3';

/** Whether Debian's Python has this module. */
export const hasPythonModule = (name: string): boolean =>
  existsSync(python) &&
  (existsSync(`/usr/lib/python3/dist-packages/${name}`) || existsSync(`/usr/lib/python3/dist-packages/${name}.py`));
