import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generatePhantoms } from '../../src/phantom/generate.js';
import { readNifti } from '../../src/volume/nifti.js';
import { templateGrid } from '../../src/volume/volume.js';

describe('generatePhantoms, training layout', () => {
  let folder: string;
  const lines: string[] = [];
  const generate = () =>
    generatePhantoms({
      seed: 21,
      patients: 1,
      timePoints: 2,
      format: 'training',
      out: folder,
      progress: (line) => lines.push(line),
    });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'priora-training-'));
    await generate();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const at = (...parts: string[]) => join(folder, 'PHANTOM-00021', ...parts);

  it('writes image, label, mask and description, and a prior for follow-ups only', async () => {
    expect((await readdir(at('t0'))).sort()).toEqual(['case.json', 'image.nii.gz', 'label.nii.gz', 'mask.nii.gz']);
    expect((await readdir(at('t1'))).sort()).toEqual([
      'case.json',
      'image.nii.gz',
      'label.nii.gz',
      'mask.nii.gz',
      'prior.nii.gz',
    ]);
    for (const name of ['image', 'prior', 'label', 'mask']) {
      const image = await readNifti(at('t1', `${name}.nii.gz`));
      expect(image.shape).toEqual(templateGrid.shape);
      expect(image.patientFromVoxel).toEqual(templateGrid.patientFromVoxel);
    }
  });

  it('describes each lesion, where the label has it', async () => {
    const label = await readNifti(at('t1', 'label.nii.gz'));
    const { lesions, hasPrior } = JSON.parse(await readFile(at('t1', 'case.json'), 'utf8')) as {
      hasPrior: boolean;
      lesions: { id: number; volumeMm3: number; change: string; centroidVoxel: number[] }[];
    };
    expect(hasPrior).toBe(true);
    expect(lesions.length).toBeGreaterThan(0);
    expect(lesions.every(({ change }) => change !== 'baseline')).toBe(true);
    for (const { id, volumeMm3, centroidVoxel } of lesions) {
      const [i, j, k] = centroidVoxel.map(Math.round);
      expect(label.voxels[i + label.shape[0] * (j + label.shape[1] * k)]).toBe(id);
      const count = label.voxels.reduce((sum, value) => sum + (value === id ? 1 : 0), 0);
      expect(Math.abs(count - volumeMm3)).toBeLessThan(0.15 * volumeMm3 + 3);
    }
  });

  it('goes on where it stopped, with the same bytes', async () => {
    const untouched = (await stat(at('t0', 'image.nii.gz'))).mtimeMs;
    const before = await readFile(at('t1', 'prior.nii.gz'));
    await rm(at('t1'), { recursive: true });
    lines.length = 0;
    await generate();
    expect(lines[0]).toContain('already there');
    expect((await stat(at('t0', 'image.nii.gz'))).mtimeMs).toBe(untouched);
    expect((await readFile(at('t1', 'prior.nii.gz'))).equals(before)).toBe(true);
  });
});
