import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDataFolder } from '../../src/store/store.js';
import { hasSmallDisk, smallDisk, unmount } from '../small-disk.js';
import { temporaryFolder } from './temporary-store.js';

const thrown = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
};

describe('the lock on a data folder', () => {
  it('has one holder, whom it names to others, and is free again once released', () => {
    const folder = temporaryFolder();
    const lock = lockDataFolder(folder, Date.UTC(2026, 0, 1));
    const refused = thrown(() => lockDataFolder(folder, 0));
    expect(refused.code).toBe('DATA_FOLDER_IN_USE');
    expect(refused.message).toBe(
      `${folder} belongs to process ${process.pid} on ${hostname()}, running since 2026-01-01T00:00:00.000Z`,
    );
    lock.release();
    lockDataFolder(folder, 0).release();
  });

  it('ends with its process, however that ends', async () => {
    const folder = temporaryFolder();
    const other = fork(join(import.meta.dirname, 'locking-process.ts'), [folder], { execArgv: ['--import', 'tsx'] });
    await once(other, 'message');
    expect(thrown(() => lockDataFolder(folder, 0)).message).toContain(`process ${other.pid} on`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    lockDataFolder(folder, 0).release();
  });

  it('is of one folder alone', () => {
    const locks = [temporaryFolder(), temporaryFolder()].map((folder) => lockDataFolder(folder, 0));
    locks.forEach((lock) => lock.release());
  });

  it.skipIf(!hasSmallDisk())('on a full volume names the volume, and no constant of SQLite’s', () => {
    const folder = smallDisk('1m')!;
    try {
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(2 ** 20));
      const refused = thrown(() => lockDataFolder(folder, 0));
      expect(refused.code).toBe('STORAGE_FULL');
      expect(refused.message).toContain(`0 MB of the 1 MB on volume ${folder} are free`);
      expect(refused.message).not.toContain('SQLITE');
    } finally {
      unmount(folder);
    }
  });
});
