import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Gives the run a temporary folder of its own as TMPDIR, where every test's files lie and which every process started
 * by a test inherits. However the run ends, `sweep.mjs` then ends the processes that are left and removes the folder.
 */
export default function openRunFolder(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'priora-test-run-'));
  // A session of its own: Ctrl-C in the terminal does not reach it. Its standard input closes when this process ends.
  const sweep = spawn(process.execPath, [fileURLToPath(new URL('sweep.mjs', import.meta.url)), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  process.env['TMPDIR'] = folder;
  return async () => {
    const swept = once(sweep, 'exit');
    sweep.stdin.end();
    await swept;
  };
}
