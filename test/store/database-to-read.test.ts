import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { databaseVersion, migrate, newestVersion, shippedMigrations } from '../../src/store/migrate.js';
import { openStore, openStoreToRead, storeVersions } from '../../src/store/store.js';
import { hasSmallDisk, smallDisk, unmount } from '../small-disk.js';
import { addSeries, temporaryFolder, temporaryStore } from './temporary-store.js';

/** Every file of a folder, but the log's index, which every connection shares. */
const files = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !name.endsWith('-shm'))
      .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );

/** Opens, reads and closes a node's index as `priora status` does; the folder must be as it was. */
function look(folder: string) {
  const before = files(folder);
  const store = openStoreToRead(join(folder, 'priora.sqlite'));
  const seen = store.series.find('1.2.7.1')?.PatientID;
  store.close();
  expect(files(folder)).toEqual(before);
  return seen;
}

/** A folder with an index of one series; `left` makes of it what was left when its node ended. */
function folderOf(left: 'stopped' | 'killed', folder = temporaryFolder()): string {
  const store = openStore(join(folder, 'priora.sqlite'));
  addSeries(store, { study: '1.2.7' });
  const killed = temporaryFolder();
  cpSync(folder, killed, { recursive: true });
  store.close();
  return left === 'killed' ? killed : folder;
}

describe('an index opened to read', () => {
  it('of a stopped node leaves nothing next to the file', () => {
    const folder = folderOf('stopped');
    expect(look(folder)).toBe('P1');
    expect(readdirSync(folder)).toEqual(['priora.sqlite']);
    const both = [1, 2].map(() => openStoreToRead(join(folder, 'priora.sqlite')));
    both.forEach((store) => store.close());
    expect(readdirSync(folder)).toEqual(['priora.sqlite']);
  });

  it('of a killed node shows what was committed, and leaves it in its log', () => {
    const folder = folderOf('killed');
    expect(readdirSync(folder)).toContain('priora.sqlite-wal');
    expect(look(folder)).toBe('P1');
  });

  it('of a running node shows what it commits meanwhile, and continues when the node ends', () => {
    const node = temporaryStore();
    const store = openStoreToRead(node.path);
    expect(store.series.find('1.2.7.1')).toBeUndefined();
    addSeries(node, { study: '1.2.7' });
    expect(store.series.find('1.2.7.1')).toBeDefined();
    node.close();
    expect(store.series.find('1.2.7.1')).toBeDefined();
    store.close();
    const again = openStore(node.path);
    addSeries(again, { study: '1.2.8' });
    again.close();
  });

  it('of a stopped node does not disturb one that starts meanwhile', () => {
    const path = join(folderOf('stopped'), 'priora.sqlite');
    const store = openStoreToRead(path);
    const node = openStore(path);
    addSeries(node, { study: '1.2.8' });
    expect(store.series.find('1.2.8.1')).toBeDefined();
    store.close();
    addSeries(node, { study: '1.2.9' });
    node.close();
    expect(look(join(path, '..'))).toBe('P1');
  });

  it.skipIf(!hasSmallDisk())('may lie where nobody can write', () => {
    const disk = smallDisk('2m')!;
    try {
      folderOf('stopped', disk);
      expect(spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);
      expect(look(disk)).toBe('P1');
    } finally {
      unmount(disk);
    }
  });

  it('cannot be written', () => {
    const store = openStoreToRead(join(folderOf('stopped'), 'priora.sqlite'));
    expect(() => addSeries(store, { study: '1.2.8' })).toThrow(/it may only be read/);
    store.close();
  });

  it.each([
    ['older', 'DATABASE_TOO_OLD', shippedMigrations().slice(0, -1)],
    [
      'newer',
      'DATABASE_TOO_NEW',
      [...shippedMigrations(), { version: newestVersion() + 1, name: 'later', sql: 'SELECT 1' }],
    ],
  ])('of a version that is %s is refused, and stays as it is', (_, code, migrations) => {
    const folder = temporaryFolder();
    const path = join(folder, 'priora.sqlite');
    const database = openDatabase(path);
    migrate(database, 1, migrations);
    const found = databaseVersion(database);
    database.close();
    const before = files(folder);
    expect(() => openStoreToRead(path)).toThrow(expect.objectContaining({ code }));
    expect(storeVersions(path)).toEqual({ found, newest: newestVersion() });
    expect(files(folder)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['priora.sqlite']);
  });

  it('must exist', () => {
    const folder = temporaryFolder();
    expect(() => openStoreToRead(join(folder, 'priora.sqlite'))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
