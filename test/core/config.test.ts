import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/core/config.js';

describe('config', () => {
  it('needs no file: every setting has a default', () => {
    const config = parseConfig(undefined, '/srv/priora');
    expect(config.dataDir).toBe('/srv/priora/data');
    expect(config.dicom).toMatchObject({ host: '127.0.0.1', port: 11112, aeTitle: 'PRIORA', callingAETitles: 'any' });
    expect(config.completeness.timerSeconds).toBe(60);
    expect(config.inference).toEqual({ provider: 'auto', threads: 0, memoryLimitMb: 3000, keepLoadedSeconds: 300 });
    expect(config.modelsDir).toMatch(/\/models$/);
  });

  it('names a misspelt setting with its place', () => {
    expect(() => parseConfig({ dicom: { aeTitel: 'X', prot: 1 } })).toThrow(
      /unknown options "dicom.aeTitel", "dicom.prot"/,
    );
    expect(() => parseConfig({ datadir: '/x' })).toThrow(/unknown option "datadir"/);
  });

  it('names an invalid value and leaves the others out of the message', () => {
    expect(() => parseConfig({ dicom: { port: 70000 }, inference: { provider: 'rocm' } })).toThrow(
      /dicom\.port: .*inference\.provider: /,
    );
    expect(() => parseConfig({ dicom: { aeTitle: 'SEVENTEEN_LETTERS' } })).toThrow(
      /dicom\.aeTitle: must be an AE title/,
    );
    expect(() => parseConfig({ time: { zone: 'Europe/Berlinn' } })).toThrow(/time\.zone/);
  });

  it('resolves folders relative to the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'priora-config-'));
    await writeFile(join(folder, 'site.yaml'), 'dataDir: store\ndicom:\n  issuers: { MR1: HOSPITAL_A }\n');
    const config = loadConfig(join(folder, 'site.yaml'));
    expect(config.dataDir).toBe(join(folder, 'store'));
    expect(config.dicom.issuers).toEqual({ MR1: 'HOSPITAL_A' });
  });

  it('refuses a named file that is missing or is not YAML', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'priora-config-'));
    expect(() => loadConfig(join(folder, 'none.yaml'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    await writeFile(join(folder, 'broken.yaml'), 'dicom: [');
    expect(() => loadConfig(join(folder, 'broken.yaml'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
