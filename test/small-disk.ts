import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { required } from './peers.js';

/** A new folder on a file system of its own, so that it can be full; undefined where this user may not mount one. */
export function smallDisk(size: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'priora-full-'));
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder]).status === 0 ? folder : undefined;
}

export const unmount = (folder: string): void => void spawnSync('umount', ['-l', folder]);

/** Whether {@link smallDisk} gives one. Use with `describe.skipIf`. */
export function hasSmallDisk(): boolean {
  const folder = smallDisk('1m');
  if (folder) unmount(folder);
  return required(folder !== undefined, 'tmpfs (mounted by root)');
}
