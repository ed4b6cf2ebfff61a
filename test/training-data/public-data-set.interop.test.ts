import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { inputFiles } from '../../src/node/operations/input-files.js';
import { loadMapping } from '../../src/core/mapping-file.js';
import { loadMappings } from '../../src/node/mappings.js';
import { Random } from '../../src/phantom/random.js';
import { loadTemplate, strippedTemplate } from '../../src/analysis/prepare/template.js';
import { dataSetScans } from '../../src/training-data/data-set-scans.js';
import { Pseudonyms } from '../../src/training-data/pseudonyms.js';
import { trainingSettingsSchema } from '../../src/training-data/training-settings.js';
import { writeTrainingData } from '../../src/training-data/write-training-data.js';
import { applyAffine, type Affine } from '../../src/imaging/affine.js';
import { writeNifti } from '../../src/imaging/nifti.js';
import { resampleLinear, resampleNearest } from '../../src/imaging/resample.js';
import { hasPythonModule, python } from '../peers.js';

const repository = resolve(import.meta.dirname, '../..');

/** What training/data/ makes of the one time point that was written, and where its metastasis lies (LPS, mm). */
const readBack = `
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import nibabel, numpy as np
from training.data.cases import Cases
(folder,) = Path(sys.argv[1]).glob('*/*/t*')
label, image = (nibabel.load(folder / f'{name}.nii.gz') for name in ('label', 'image'))
where = np.argwhere(np.asarray(label.dataobj) > 0)
centre = nibabel.affines.apply_affine(label.affine, where.mean(0)) * (-1, -1, 1)
mask = np.asarray(nibabel.load(folder / 'mask.nii.gz').dataobj) > 0
outside = float((np.asarray(image.dataobj)[~mask] > 0).mean())
cases = Cases(sys.argv[1], folder.parent.parent.name, sys.argv[1] + '.cache')
print(json.dumps({'centre': centre.tolist(), 'mm3': len(where), 'brain': int(mask.sum()), 'outside': outside, 'sources': cases.sources, 'cases': len(cases)}))
`;

test.skipIf(!['nibabel', 'torch'].map(hasPythonModule).every(Boolean))(
  'a skull-stripped brain in the layout of BraTS-METS becomes a time point, with its licence',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'priora-public-'));
    const visit = join(folder, 'BraTS-METS/train/BraTS-MET-00012-000');
    mkdirSync(visit, { recursive: true });

    // The template's brain with a bright ball in it, turned by 8 degrees and pushed by some millimetres, under noise.
    const { head, brainMask } = strippedTemplate(await loadTemplate());
    const [ni, nj] = head.shape;
    const lesion = { centre: [-32, 20, 28], radius: 6 };
    const random = new Random('public data set');
    const ball = Uint8Array.from(head.voxels, (_, index) => {
      const voxel = [index % ni, Math.floor(index / ni) % nj, Math.floor(index / (ni * nj))] as const;
      const point = applyAffine(head.patientFromVoxel, voxel);
      return Math.hypot(...point.map((value, axis) => value - lesion.centre[axis])) <= lesion.radius ? 3 : 0;
    });
    const brain = Float32Array.from(head.voxels, (value, index) =>
      brainMask.voxels[index] === 0 ? 0 : (ball[index] > 0 ? 2 : 1) * value * 10 + 20 * random.normal(),
    );
    const [cos, sin] = [Math.cos(0.14), Math.sin(0.14)];
    const pose: Affine = [cos, -sin, 0, 4, sin, cos, 0, -6, 0, 0, 1, 5, 0, 0, 0, 1];
    const file = (kind: string) => join(visit, `BraTS-MET-00012-000-${kind}.nii.gz`);
    await writeNifti(file('t1c'), resampleLinear({ ...head, voxels: brain }, head, pose));
    await writeNifti(file('seg'), resampleNearest({ ...head, voxels: ball }, head, pose));

    const mappings = loadMappings(join(repository, 'mappings'));
    const settings = loadMapping(join(repository, 'mappings/training-data.yaml'), trainingSettingsSchema);
    const dataSet = settings.dataSets.find(({ name }) => name === 'brats-mets')!;
    const root = join(folder, 'BraTS-METS');
    const out = join(folder, 'out');
    const summary = await writeTrainingData(dataSetScans(root, inputFiles([root]), dataSet), {
      ...mappings,
      out,
      pseudonyms: Pseudonyms.fromFile(join(folder, 'key'), settings.splits),
      biasCorrection: 'none',
    });
    expect(summary).toMatchObject({ written: 1, kept: 0, refused: [] });

    const read = JSON.parse(execFileSync(python, ['-c', readBack, out, repository], { encoding: 'utf8' })) as {
      centre: number[];
      mm3: number;
      brain: number;
      outside: number;
      sources: object;
      cases: number;
    };
    expect(read.sources).toEqual({ 'brats-mets': dataSet.licence });
    expect(read.cases).toBe(1);
    // Back where it was drawn, and as large.
    read.centre.forEach((value, axis) => expect(Math.abs(value - lesion.centre[axis])).toBeLessThan(1));
    const drawn = ball.filter((value) => value > 0).length;
    expect(Math.abs(read.mm3 / drawn - 1)).toBeLessThan(0.03);
    // The mask is the brain and little else: there is nothing around it.
    expect(read.brain).toBeGreaterThan(1_000_000);
    expect(read.outside).toBeLessThan(0.02);
  },
);
