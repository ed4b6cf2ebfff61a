import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { registrationSettingsSchema } from '../../../src/analysis/register/register-prior.js';

const shipped = resolve(import.meta.dirname, '../../../mappings/registration.yaml');
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
  it('load as shipped', () => {
    expect(loadMapping(shipped, registrationSettingsSchema)).toMatchObject({ minimumSimilarity: 1.05 });
  });

  it('name a misspelt setting, and one out of range', async () => {
    const misspelt = await edited((text) => text.replace('minimumOverlap', 'minimalOverlap'));
    expect(() => loadMapping(misspelt, registrationSettingsSchema)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/minimalOverlap/) as string,
      }),
    );
    const wild = await edited((text) => text.replace(/minimumSimilarity: .*/, 'minimumSimilarity: 7'));
    expect(() => loadMapping(wild, registrationSettingsSchema)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/minimumSimilarity/) as string,
      }),
    );
  });

  it('name a file that is missing or is not YAML', async () => {
    expect(() => loadMapping(join(folder, 'none.yaml'), registrationSettingsSchema)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
    const broken = await edited(() => 'a: [');
    expect(() => loadMapping(broken, registrationSettingsSchema)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});
