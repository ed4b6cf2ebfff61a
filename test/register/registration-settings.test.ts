import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRegistrationSettings } from '../../src/register/registration-settings.js';

const shipped = resolve(import.meta.dirname, '../../mappings/registration.yaml');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'priora-settings-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function edited(change: (text: string) => string): Promise<string> {
  const path = join(folder, 'registration.yaml');
  await writeFile(path, change(await readFile(shipped, 'utf8')));
  return path;
}

describe('mappings/registration.yaml', () => {
  it('loads as shipped', async () => {
    await expect(loadRegistrationSettings(shipped)).resolves.toMatchObject({ minimumSimilarity: 1.05 });
  });

  it('names a misspelt setting, and one out of range', async () => {
    const misspelt = await edited((text) => text.replace('minimumOverlap', 'minimalOverlap'));
    await expect(loadRegistrationSettings(misspelt)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/minimalOverlap/) as string,
    });
    const wild = await edited((text) => text.replace(/minimumSimilarity: .*/, 'minimumSimilarity: 7'));
    await expect(loadRegistrationSettings(wild)).rejects.toMatchObject({
      message: expect.stringMatching(/minimumSimilarity/) as string,
    });
  });

  it('names a file that is not there or is no YAML', async () => {
    await expect(loadRegistrationSettings(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const broken = await edited(() => 'a: [');
    await expect(loadRegistrationSettings(broken)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
