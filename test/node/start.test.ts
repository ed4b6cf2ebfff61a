import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../src/core/config.js';
import { silentLogger } from '../../src/core/log.js';
import { startNode, type RunningNode } from '../../src/node/node.js';
import { databasePath, lockDataFolder, openStore } from '../../src/store/store.js';
import { hasSmallDisk, smallDisk, unmount } from '../small-disk.js';

const modelsDir = resolve(import.meta.dirname, '../fixtures/models');
const newFolder = () => mkdtempSync(join(tmpdir(), 'priora-start-'));
const start = (dataDir: string, port = 0) =>
  startNode(parseConfig({ dataDir, modelsDir, dicom: { port } }), silentLogger);

let dataDir: string;
let first: RunningNode;
beforeAll(async () => {
  dataDir = newFolder();
  first = await start(dataDir);
});
afterAll(() => first.close());

it('a second node on a data folder is refused by the name of the first, and touches nothing of it', async () => {
  // A slice on its way into the first node.
  writeFileSync(join(dataDir, 'incoming/77.1.part'), 'half of a slice');
  await expect(start(dataDir)).rejects.toMatchObject({
    code: 'DATA_FOLDER_IN_USE',
    message: expect.stringContaining(`process ${process.pid} on `) as string,
  });
  expect(readdirSync(join(dataDir, 'incoming'))).toEqual(['77.1.part']);
});

it('a second node on a used port is refused, and gives back what it had taken', async () => {
  const other = newFolder();
  await expect(start(other, first.port)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`127.0.0.1:${first.port}`) as string,
  });
  lockDataFolder(other, 0).release();
});

it('a node that is closed leaves its folder to the next', async () => {
  const folder = newFolder();
  for (let turn = 0; turn < 2; turn++) await (await start(folder)).close();
  openStore(databasePath(folder)).close();
});

it.skipIf(!hasSmallDisk())('a start on a full volume names the volume and what to do', async () => {
  const folder = smallDisk('1m')!;
  try {
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(2 ** 20));
    const refused = (await start(join(folder, 'data')).catch((error: unknown) => error)) as Error & { action: string };
    expect(refused).toMatchObject({ code: 'STORAGE_FULL' });
    expect(refused.message).toContain(`on volume ${folder} are free`);
    expect(refused.action).toContain('Free disk space');
  } finally {
    unmount(folder);
  }
});
