import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anatomyDigests, anatomyOf, anatomySplit, type Split } from '../../src/phantom/anatomies.js';
import { generatePhantoms } from '../../src/phantom/generate.js';
import { readLabelMap } from '../../src/phantom/label-map.js';

const temporary = () => mkdtemp(join(tmpdir(), 'priora-anatomies-'));

describe('the heads of label maps', () => {
  it('serve one purpose each: training, validation or test', () => {
    const all = Object.values(anatomySplit).flat();
    expect(new Set(all).size).toBe(all.length);
    expect([...all].sort()).toEqual(Object.keys(anatomyDigests).sort());
    expect(anatomySplit.test).toEqual(['01', '05', '09', '14']);
    expect(anatomySplit.validation).toEqual(['03', '11']);
  });

  it('take turns from patient to patient', () => {
    for (const [split, heads] of Object.entries(anatomySplit)) {
      const taken = heads.map((_, seed) => anatomyOf(split as Split, 700 + seed));
      expect([...taken].sort()).toEqual([...heads]);
    }
  });

  it('are known by their bytes: another file of that name is refused', async () => {
    const folder = await temporary();
    await writeFile(join(folder, 'seg_02.nii.gz'), 'another file');
    await expect(readLabelMap(folder, '02')).rejects.toThrow(/not SynthSeg's training_seg_02/);
  });

  it('never meet those of another split in one folder, nor phantoms of another head', async () => {
    for (const anatomy of ['01', null]) {
      const out = await temporary();
      await mkdir(join(out, 'PHANTOM-00007', 't0'), { recursive: true });
      await writeFile(join(out, 'PHANTOM-00007', 't0', 'case.json'), JSON.stringify({ anatomy }));
      const generate = (split: Split) =>
        generatePhantoms({ seed: 8, patients: 1, format: 'training', out, anatomies: { folder: 'nowhere', split } });
      await expect(generate('train')).rejects.toThrow(/write train patients into a folder of their own/);
      if (anatomy) await expect(generate('test')).rejects.toThrow(/ENOENT/);
    }
  });
});
