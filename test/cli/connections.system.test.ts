import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { phantomStudies } from '../analysis/pipeline/studies.js';
import { hasPeer } from '../peers.js';
import { configuration, root, temporary } from './priora.js';

/** Runs a program with its whole process tree traced; the internet addresses that any of them asked the system to connect to. */
async function connections(command: readonly string[], cwd: string): Promise<string[]> {
  const log = join(temporary('strace'), 'connect.log');
  const trace = ['--follow-forks', '--seccomp-bpf', '--trace=connect,sendto,sendmsg,sendmmsg', `--output=${log}`];
  await promisify(execFile)('strace', [...trace, process.execPath, ...command], {
    cwd,
    env: { ...process.env, HOME: cwd },
    maxBuffer: 1 << 26,
  });
  const addresses = readFileSync(log, 'utf8').matchAll(/inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/g);
  return [...new Set([...addresses].map(([, v4, v6]) => v4 ?? v6))];
}

describe.skipIf(!hasPeer('strace'))('nothing connects to anybody who was not named', () => {
  test('the demonstration, with its node and its PACS, stays on loopback, and finds what is there', async () => {
    const home = temporary('demo');
    expect(await connections([join(root, 'dist/phantom/demo/demo.js')], home)).toEqual(['127.0.0.1']);
    // No device identifier, no cache of things to send.
    expect(readdirSync(home)).toEqual(['demo-out']);
  });

  test('`priora analyse` connects to nobody', async () => {
    const home = temporary('analyse');
    mkdirSync(join(home, 'out'));
    const [{ paths }] = await phantomStudies();
    const parameters = [dirname(paths[0]), '--out', join(home, 'out'), '--config', configuration().path];
    expect(await connections([join(root, 'dist/main.js'), 'analyse', ...parameters], home)).toEqual([]);
    expect(readdirSync(home)).toEqual(['out']);
  });
});
