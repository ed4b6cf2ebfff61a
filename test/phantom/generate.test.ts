import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generatePhantoms } from '../../src/phantom/generate.js';
import { identityAffine, invertAffine, type Affine } from '../../src/imaging/affine.js';
import { readNifti } from '../../src/imaging/nifti.js';
import { resampleLinear } from '../../src/imaging/resample.js';
import { templateGrid } from '../../src/imaging/volume.js';

/** Pearson's. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, index) => sum + (value - mx) * (y[index] - my), 0);
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}

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

  it('states the misregistration of the prior, with which both scans agree better', async () => {
    const [current, prior, mask] = await Promise.all(
      ['image', 'prior', 'mask'].map((name) => readNifti(at('t1', `${name}.nii.gz`))),
    );
    const { priorFromCurrent } = JSON.parse(await readFile(at('t1', 'case.json'), 'utf8')) as {
      priorFromCurrent: Affine;
    };
    const agreement = (priorFromGrid: Affine) => {
      const { voxels } = resampleLinear(prior, templateGrid, priorFromGrid);
      const brain = [...mask.voxels.keys()].filter((index) => index % 7 === 0 && mask.voxels[index] > 0);
      return correlation(
        brain.map((index) => current.voxels[index]),
        brain.map((index) => voxels[index]),
      );
    };
    const told = agreement(priorFromCurrent);
    expect(told).toBeGreaterThan(agreement(identityAffine) + 0.001);
    expect(told).toBeGreaterThan(agreement(invertAffine(priorFromCurrent)) + 0.001);
  });

  it('resumes where it stopped, with the same bytes', async () => {
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

it('makes patients ahead of whoever uses them up, and waits for that', async () => {
  const out = await mkdtemp(join(tmpdir(), 'priora-ahead-'));
  const made: string[] = [];
  const generated = generatePhantoms({
    seed: 30,
    patients: 3,
    ahead: 1,
    timePoints: 1,
    format: 'training',
    out,
    progress: (line) => {
      made.push(line);
      // No second patient lies beside the first, however long that one stays.
      void readdir(out).then(async (there) => {
        expect(there).toHaveLength(1);
        await rm(join(out, there[0]), { recursive: true });
      });
    },
  });
  await generated;
  expect(made).toHaveLength(3);
  await rm(out, { recursive: true, force: true });
});
