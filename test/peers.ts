import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Says so where a test's peer is missing, which skips it; where peers are required (CI) that is an error. */
export function required(present: boolean, name: string): boolean {
  if (present) return true;
  const missing = `the test peer ${name} is missing: npm run peers`;
  if (process.env['PRIORA_REQUIRE_PEERS'] === '1') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return false;
}

/** Whether a program the interop tests use is on PATH (`npm run peers` installs them). Use with `describe.skipIf`. */
export function hasPeer(command: string): boolean {
  const present = (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return required(present, command);
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
  required(
    existsSync(python) &&
      (existsSync(`/usr/lib/python3/dist-packages/${name}`) || existsSync(`/usr/lib/python3/dist-packages/${name}.py`)),
    `python3-${name}`,
  );
