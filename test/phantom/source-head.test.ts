import { cpSync, mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { generatePhantoms } from '../../src/phantom/generate.js';
import { colin27Folder, loadSourceHead } from '../../src/phantom/source-head.js';
import { readNifti, writeNifti } from '../../src/imaging/nifti.js';
import { coarsen } from '../../src/imaging/block-mean.js';

const temporary = () => mkdtempSync(join(tmpdir(), 'priora-head-'));
/** Colin27 in another folder, at 2 mm and three times as bright. */
const coarse = temporary();
beforeAll(async () => {
  const head = coarsen(await readNifti(join(colin27Folder, 'head.nii.gz')), 2);
  await writeNifti(join(coarse, 'head.nii.gz'), { ...head, voxels: head.voxels.map((value: number) => 3 * value) });
  await writeNifti(
    join(coarse, 'brain-mask.nii.gz'),
    coarsen(await readNifti(join(colin27Folder, 'brain-mask.nii.gz')), 2),
  );
});

/** The image of the first patient's first scan. */
async function imageFrom(head?: string): Promise<Buffer> {
  const out = temporary();
  const options = { seed: 1, patients: 1, timePoints: 1, format: 'nifti', out } as const;
  await generatePhantoms(head ? { ...options, head } : options);
  return readFile(join(out, 'PHANTOM-00001', 't0', 'image.nii.gz'));
}

it('is another head if a folder is given: its own grid, and the levels of its own tissues', async () => {
  const [own, other] = [await loadSourceHead(), await loadSourceHead(coarse)];
  expect(other.image.shape).not.toEqual(own.image.shape);
  for (const tissue of ['csf', 'grey', 'white'] as const)
    expect(other.levels[tissue] / own.levels[tissue]).toBeCloseTo(3, 0);
});

it('is what phantoms are made from: the same head elsewhere gives the same phantom, another head another one', async () => {
  const copy = temporary();
  for (const name of ['head.nii.gz', 'brain-mask.nii.gz']) cpSync(join(colin27Folder, name), join(copy, name));
  const image = await imageFrom();
  expect((await imageFrom(copy)).equals(image)).toBe(true);
  expect((await imageFrom(coarse)).equals(image)).toBe(false);
});

it('refuses a head whose mask has another shape', async () => {
  const mixed = temporary();
  cpSync(join(colin27Folder, 'head.nii.gz'), join(mixed, 'head.nii.gz'));
  cpSync(join(coarse, 'brain-mask.nii.gz'), join(mixed, 'brain-mask.nii.gz'));
  await expect(loadSourceHead(mixed)).rejects.toThrow(/differ in shape/);
});
