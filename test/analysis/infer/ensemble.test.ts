import { copyFile, cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Ensemble } from '../../../src/analysis/infer/ensemble.js';
import { loadModels, type EnsembleModels } from '../../../src/analysis/infer/manifest.js';
import { hasCudaDriver } from '../../../src/analysis/infer/provider.js';
import { identityAffine, type Vector3 } from '../../../src/imaging/affine.js';
import type { LabelMap, NetworkImage } from '../../../src/imaging/volume.js';
import { until } from '../../processes.js';

const fixtures = join(import.meta.dirname, '../../fixtures/models');
const shape: Vector3 = [50, 47, 40];

/** A bright ball in a dark brain: the tiny networks' probability rises with brightness. */
const current: NetworkImage = {
  shape,
  background: 0,
  patientFromVoxel: identityAffine,
  voxels: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, index) => {
    const [i, j, k] = [index % 50, Math.floor(index / 50) % 47, Math.floor(index / 2350)];
    return (Math.hypot(i - 25, j - 20, k - 18) < 4 ? 6 : 0) + Math.sin(index * 0.37) * 0.5;
  }),
};
const region: LabelMap = {
  ...current,
  voxels: Uint8Array.from(current.voxels, (_, index) => (index % 50 > 4 && index % 50 < 46 ? 1 : 0)),
};

const copy = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'priora-models-'));
  await cp(fixtures, folder, { recursive: true });
  return folder;
};

describe('loadModels', () => {
  test('1: reads the pair, and its hashes agree', async () => {
    const models = await loadModels(fixtures);
    expect(models.sensitivity.manifest.role).toBe('sensitivity');
    expect(models.specificity.manifest.role).toBe('specificity');
  });

  test('2: refuses weights with one changed byte', async () => {
    const folder = await copy();
    const { manifest } = (await loadModels(folder)).specificity;
    const weights = join(folder, manifest.file);
    const bytes = await readFile(weights);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(weights, bytes);
    await expect(loadModels(folder)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('SHA-256') as unknown,
    });
  });

  test.each<[string, object, string]>([
    ['3: a manifest with an unknown key', { treshold: 0.5 }, 'treshold'],
    ['two models that disagree on the least voxels of a finding', { minimumVoxels: 4 }, 'minimumVoxels'],
  ])('%s is refused, and the key is named', async (_, changed, key) => {
    const folder = await copy();
    const path = join(folder, 'm-sens.json');
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), ...changed }));
    await expect(loadModels(folder)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(key) as unknown,
    });
  });

  test('4: refuses an empty or missing folder', async () => {
    await expect(loadModels(await mkdtemp(join(tmpdir(), 'priora-models-')))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    });
    await expect(loadModels('/nowhere')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});

describe('Ensemble', () => {
  let models: EnsembleModels;
  let ensemble: Ensemble;
  const options = { provider: 'cpu', threads: 1, memoryLimitMb: 3000 } as const;
  beforeAll(async () => {
    models = await loadModels(fixtures);
    ensemble = await Ensemble.start(models, options);
  });
  afterAll(() => ensemble.close());

  test('1: finds probability where the brightness is, and none outside the region', async () => {
    const { sensitivity } = await ensemble.run({ current, prior: null, region });
    const peak = sensitivity.voxels.reduce(
      (best, value, index) => (value > sensitivity.voxels[best] ? index : best),
      0,
    );
    const [i, j, k] = [peak % 50, Math.floor(peak / 50) % 47, Math.floor(peak / 2350)];
    expect(Math.hypot(i - 25, j - 20, k - 18)).toBeLessThan(6);
    sensitivity.voxels.forEach((value, index) => {
      if (!region.voxels[index]) expect(value).toBe(0);
    });
  });

  test('leaves no device identifier in the home folder, because the telemetry of ONNX Runtime is off', async () => {
    const home = await mkdtemp(join(tmpdir(), 'priora-home-'));
    vi.stubEnv('HOME', home);
    vi.stubEnv('XDG_CACHE_HOME', undefined);
    const other = await Ensemble.start(models, options).finally(() => vi.unstubAllEnvs());
    try {
      await other.run({ current, prior: null, region });
      expect(await readdir(home)).toEqual([]);
    } finally {
      other.close();
    }
  });

  test('2: gives the same result whatever the tiling', async () => {
    const small = await Ensemble.start(models, { ...options, memoryLimitMb: 702 });
    try {
      const [a, b] = [
        await ensemble.run({ current, prior: current, region }),
        await small.run({ current, prior: current, region }),
      ];
      for (const role of ['sensitivity', 'specificity'] as const) {
        const difference = a[role].voxels.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - b[role].voxels[index])),
          0,
        );
        expect(difference).toBeLessThanOrEqual(1e-5);
      }
    } finally {
      small.close();
    }
  });

  test('3: gives the same bytes for the same input', async () => {
    const [a, b] = [
      await ensemble.run({ current, prior: null, region }),
      await ensemble.run({ current, prior: null, region }),
    ];
    expect(Buffer.from(a.sensitivity.voxels.buffer).equals(Buffer.from(b.sensitivity.voxels.buffer))).toBe(true);
  });

  test('4: reports progress up to one; a cancelled run says so and the next one works', async () => {
    const seen: number[] = [];
    await ensemble.run({ current, prior: null, region }, { onProgress: (fraction) => seen.push(fraction) });
    expect(seen.at(-1)).toBe(1);
    const stop = new AbortController();
    const run = ensemble.run({ current, prior: null, region }, { signal: stop.signal });
    stop.abort();
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(ensemble.run({ current, prior: null, region })).resolves.toBeDefined();
  });

  test('returns its memory to the system after a quiet time, and loads its networks for the next run', async () => {
    const quiet = await Ensemble.start(models, { ...options, quietMs: 1 });
    try {
      await until(() => !quiet.isLoaded);
      const { sensitivity } = await quiet.run({ current, prior: null, region });
      await until(() => !quiet.isLoaded);
      const again = await quiet.run({ current, prior: null, region });
      expect(Buffer.from(again.sensitivity.voxels.buffer).equals(Buffer.from(sensitivity.voxels.buffer))).toBe(true);
    } finally {
      quiet.close();
    }
  });

  test.skipIf(hasCudaDriver())('5: fails on start-up if asked for CUDA where there is none', async () => {
    await expect(Ensemble.start(models, { ...options, provider: 'cuda' })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
  });

  test('6: fails on start-up with a file that is not a network', async () => {
    const folder = await copy();
    const { exact } = (await loadModels(folder)).sensitivity;
    await writeFile(exact.detail, 'no network');
    const broken: EnsembleModels = { ...models, sensitivity: { ...models.sensitivity, exact } };
    await expect(Ensemble.start(broken, options)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  test('retries a run that is too large for a used process once in a fresh one, and the next run works', async () => {
    const small = await Ensemble.start(models, { ...options, memoryLimitMb: 400 });
    try {
      await small.run({ current, prior: null, region });
      const before = small.execution;
      const edge = 320;
      const huge: NetworkImage = { ...current, shape: [edge, edge, edge], voxels: new Float32Array(edge ** 3) };
      const everywhere: LabelMap = { ...huge, voxels: new Uint8Array(edge ** 3).fill(1) };
      await expect(small.run({ current: huge, prior: huge, region: everywhere })).rejects.toMatchObject({
        code: 'MEMORY_EXCEEDED',
      });
      expect(small.execution).not.toBe(before);
      await expect(small.run({ current, prior: null, region })).resolves.toBeDefined();
    } finally {
      small.close();
    }
  });

  test('7: does not load weights that were replaced under a running node when its process restarts', async () => {
    const folder = await copy();
    const loaded = await loadModels(folder);
    const running = await Ensemble.start(loaded, options);
    await copyFile(loaded.specificity.exact.detail, loaded.sensitivity.exact.detail);
    await expect(running.run({ current, prior: null, region })).resolves.toBeDefined();
    running.close();
    await expect(running.run({ current, prior: null, region })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});
