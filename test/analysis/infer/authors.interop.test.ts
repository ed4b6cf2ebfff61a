import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ensemble } from '../../../src/analysis/infer/ensemble.js';
import { loadModels, type EnsembleModels } from '../../../src/analysis/infer/manifest.js';
import { Network } from '../../../src/analysis/infer/network.js';
import { normalise } from '../../../src/analysis/prepare/normalise.js';
import { identityAffine, type Vector3 } from '../../../src/imaging/affine.js';
import { encodeNifti } from '../../../src/imaging/nifti.js';
import type { LabelMap, Volume } from '../../../src/imaging/volume.js';
import { hasPythonModule, python } from '../../peers.js';

const repository = resolve(import.meta.dirname, '../../..');

/**
 * Invented variables of the authors' program, imported and exported as a hospital would; a case in the training layout, and
 * what PyTorch makes of it. [k, j, i] in NumPy is i fastest here.
 */
const script = `
import sys
from pathlib import Path
repository, folder = map(Path, sys.argv[1:])
sys.path.insert(0, str(repository))
import numpy as np, torch
torch.set_num_threads(1)
from training.data.case import read_case
from training.export.import_authors import PREPROCESSING, import_variables
from training.network.whole_volume import probability_volume
from training.export.write_model import write_model
from training.tests.test_import_authors import CONFIG, invented

case = read_case(folder / 'case', PREPROCESSING['normalisation'])
np.concatenate([case.current.reshape(-1), case.prior.reshape(-1), case.background]).astype('<f4').tofile(folder / 'normalised.raw')
for number, (name, role) in enumerate((('M_sens', 'sensitivity'), ('M_spec', 'specificity'))):
    network = import_variables(invented(np.random.default_rng(20 + number)), CONFIG)
    training = {'data': 'invented', 'recipe': 'invented', 'config': {}, 'steps': 0, 'dataHash': '', 'results': {}}
    write_model(folder / 'models', name, role, '1.0.0', network, training, PREPROCESSING, licence='none')
    p = probability_volume(network, *(x.astype(np.float32) for x in (case.current, case.prior)), case.mask, 30, case.background)
    p.astype('<f4').tofile(folder / f'{role}.raw')
`;

const hasTorch = ['torch', 'onnx', 'nibabel'].map(hasPythonModule).every(Boolean);

describe.skipIf(!hasTorch)("the authors' checkpoint in this node", () => {
  const folder = mkdtempSync(join(tmpdir(), 'priora-authors-'));
  const shape: Vector3 = [34, 31, 29];
  const grid = { shape, patientFromVoxel: identityAffine };
  const head = (phase: number): Volume => ({
    ...grid,
    voxels: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, index) =>
      Math.round(400 + 150 * Math.sin(index * 0.37 + phase) + (index % 34) * 3),
    ),
  });
  const [current, prior] = [head(0), head(1)];
  // The brain begins at the first voxel of every axis, so that the crop of `training/data/case.py` has the grid's own corner.
  const mask: LabelMap = {
    ...grid,
    voxels: Uint8Array.from(current.voxels, (_, index) =>
      Math.hypot((index % 34) - 12, (Math.floor(index / 34) % 31) - 12, Math.floor(index / 1054) - 12) < 13 ? 1 : 0,
    ),
  };
  const crop = [0, 1, 2].map((axis) => {
    const step = [1, 34, 1054][axis];
    return 1 + Math.max(...[...mask.voxels.keys()].filter((v) => mask.voxels[v]).map((v) => Math.floor(v / step) % shape[axis])); // prettier-ignore
  });
  /** The part of a volume that `training/data/case.py` keeps. */
  const cropped = (voxels: Float32Array) =>
    voxels.filter(
      (_, index) => index % 34 < crop[0] && Math.floor(index / 34) % 31 < crop[1] && Math.floor(index / 1054) < crop[2],
    );
  const floats = (name: string) => {
    const bytes = readFileSync(join(folder, name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };
  const difference = (a: Float32Array, b: Float32Array) =>
    a.reduce((worst, value, index) => Math.max(worst, Math.abs(value - b[index])), a.length === b.length ? 0 : NaN);

  let models: EnsembleModels;
  let ensemble: Ensemble;
  beforeAll(async () => {
    const write = (name: string, image: Volume | LabelMap) =>
      writeFileSync(join(folder, 'case', name), gzipSync(encodeNifti(image)));
    mkdirSync(join(folder, 'case'));
    write('image.nii.gz', current);
    write('prior.nii.gz', prior);
    write('mask.nii.gz', mask);
    write('label.nii.gz', { ...grid, voxels: new Uint8Array(mask.voxels.length) });
    writeFileSync(join(folder, 'case', 'case.json'), '{}');
    execFileSync(python, ['-c', script, repository, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    models = await loadModels(join(folder, 'models'));
    ensemble = await Ensemble.start(models, { provider: 'cpu', threads: 1, memoryLimitMb: 3000 });
  });
  afterAll(() => ensemble?.close());

  test('asks in its manifest for N4 and for normalisation over the whole masked image', () => {
    expect(models.sensitivity.manifest.preprocessing).toEqual({
      biasCorrection: 'n4',
      masking: 'brain',
      normalisation: 'z-score-whole',
      missingPriorValue: 0,
    });
  });

  test('is normalised in the node as in training', () => {
    const { preprocessing } = models.sensitivity.manifest;
    const [now, before] = [current, prior].map((image) => normalise(image, mask, preprocessing));
    const ours = [...cropped(now.voxels), ...cropped(before.voxels), now.background, before.background];
    // `training/data/case.py` keeps half precision.
    expect(difference(Float32Array.from(ours), floats('normalised.raw'))).toBeLessThan(2e-3);
    expect(now.background).toBeLessThan(-0.3);
  });

  test('gives what PyTorch gives, tile by tile', async () => {
    const { preprocessing } = models.sensitivity.manifest;
    const [now, before] = [current, prior].map((image) => normalise(image, mask, preprocessing));
    const probabilities = await ensemble.run({ current: now, prior: before, region: mask });
    for (const role of ['sensitivity', 'specificity'] as const) {
      const expected = floats(`${role}.raw`);
      expect(difference(cropped(probabilities[role].voxels), expected)).toBeLessThan(0.02);
      expect(Math.max(...expected) - Math.min(...expected.filter((p) => p > 0))).toBeGreaterThan(0.1);
    }
  });

  test('gives the same result in any boxes, whatever their phase on the lattices of 3 and 5 voxels', async () => {
    const { manifest, exact } = models.sensitivity;
    const shape = { widths: manifest.widths, block: 1, bytesPerVoxel: 4 } as const;
    const network = await Network.open(exact, shape, { provider: 'cpu', threads: 1 });
    const [now, before] = [current, prior].map((image) => normalise(image, mask, manifest.preprocessing));
    const input = { current: now, prior: before, missingPriorValue: 0 };
    const whole = await network.probabilities(input, mask, network.plan(mask, 1e9));
    const inside = (from: Vector3, size: Vector3): LabelMap => ({
      ...mask,
      voxels: mask.voxels.map((value, index) => {
        const at = [index % 34, Math.floor(index / 34) % 31, Math.floor(index / 1054)];
        return at.every((voxel, axis) => voxel >= from[axis] && voxel < from[axis] + size[axis]) ? value : 0;
      }),
    });
    const boxes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.nat(14), fc.nat(14), fc.nat(14)),
        fc.tuple(fc.integer({ min: 8, max: 26 }), fc.integer({ min: 8, max: 26 }), fc.integer({ min: 8, max: 26 })),
        fc.integer({ min: 22, max: 44 }),
        async (from, size, edge) => {
          const region = inside(from, size);
          const plan = network.plan(region, 4 * edge ** 3);
          boxes.add(plan.detail.length);
          const part = await network.probabilities(input, region, plan);
          const expected = whole.map((value, index) => (region.voxels[index] ? value : 0));
          expect(difference(part, expected)).toBeLessThanOrEqual(1e-5);
        },
      ),
      { numRuns: 10 },
    );
    expect(boxes.size).toBeGreaterThan(1);
  });
});
