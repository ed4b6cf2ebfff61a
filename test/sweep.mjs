/**
 * node sweep.mjs FOLDER: waits until standard input closes (a test run has ended or was killed), then kills every
 * process whose TMPDIR is FOLDER, unmounts what is mounted there and removes it. Linux; elsewhere it removes the folder.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const [folder] = process.argv.slice(2);

/** A file of /proc; empty where there is none, or where it is another user's. */
const told = (path) => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
const left = () =>
  (existsSync('/proc') ? readdirSync('/proc') : [])
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => told(`/proc/${pid}/environ`).split('\0').includes(`TMPDIR=${folder}`));

process.stdin.resume();
await once(process.stdin, 'end');
// Again until none is left: one that is killed may have started another in the same moment.
for (let pids = left(); pids.length > 0; pids = left()) {
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  await pause(20);
}
for (const line of told('/proc/mounts').split('\n')) {
  const at = line.split(' ')[1];
  if (at?.startsWith(`${folder}/`)) spawnSync('umount', ['-l', at]);
}
rmSync(folder, { recursive: true, force: true });
