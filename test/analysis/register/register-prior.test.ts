import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { assembleSeries } from '../../../src/analysis/assemble/assemble-series.js';
import { loadTemplate } from '../../../src/analysis/prepare/template.js';
import { registerPrior, resamplePrior, whyRefused } from '../../../src/analysis/register/register-prior.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import {
  registrationSettingsSchema,
  type RegistrationSettings,
} from '../../../src/analysis/register/register-prior.js';
import { identityAffine, multiplyAffine, type Affine } from '../../../src/imaging/affine.js';
import { correlate } from '../../../src/imaging/correlation.js';
import { resampleLinear } from '../../../src/imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../../../src/imaging/volume.js';
import { sharedData } from '../../peers.js';
import { pose, warpedHead } from '../prepare/warped-head.js';
import { rescan, targetErrorMm } from './rescan.js';

const timeout = 120_000;
let settings: RegistrationSettings;
let brain: LabelMap;
beforeAll(async () => {
  settings = loadMapping(
    resolve(import.meta.dirname, '../../../mappings/registration.yaml'),
    registrationSettingsSchema,
  );
  brain = (await loadTemplate()).brainMask;
});

const folders = {
  postContrast: sharedData('t1gd-siemens-avanto'),
  oblique: sharedData('t1-public-domain-3t'),
  enhanced: sharedData('t1-enhanced-siemens-xa30'),
  fruit: sharedData('t1-fruit-ge'),
};
/** Roughly where each head lies; the template's mask is then good enough a set of target points. */
const poses = {
  postContrast: pose([-14.5, 0, 0], [3, -33, -12]),
  oblique: pose([-17, 0, 0], [3, -23, 0]),
  enhanced: pose([0, 0, 0], [2, -24, 6]),
};

async function read(folder: string, pattern = /\.dcm$/): Promise<Volume> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  return (await assembleSeries(names.map((name) => join(folder, name)))).volume;
}

const secondFromFirst = pose([10, -6, 8], [12, -9, 15]);
/** How far the initial alignment is off. */
const slip = pose([3, -2, 2], [3, 4, -3]);

describe('the plausibility gate', () => {
  const plausible = { similarity: 1.3, overlap: 1, rotationDegrees: 20, translationMm: 30 };

  it('takes what keeps every limit, and names the first that is broken', () => {
    expect(whyRefused(plausible, settings)).toBeNull();
    const { minimumSimilarity, minimumOverlap, maximumRotationDegrees, maximumTranslationMm } = settings;
    const kindOf = (change: Partial<typeof plausible>) => whyRefused({ ...plausible, ...change }, settings)?.kind;
    expect(kindOf({ similarity: minimumSimilarity - 1e-3 })).toBe('low similarity');
    expect(kindOf({ overlap: minimumOverlap - 1e-3 })).toBe('small overlap');
    expect(kindOf({ rotationDegrees: maximumRotationDegrees + 0.1 })).toBe('implausible turn');
    expect(kindOf({ translationMm: maximumTranslationMm + 0.1 })).toBe('implausible shift');
  });

  it('refuses what is no number', () => {
    for (const measure of Object.keys(plausible))
      expect(whyRefused({ ...plausible, [measure]: NaN }, settings)).not.toBeNull();
  });
});

describe('registerPrior on known transforms of real heads', () => {
  for (const { name, pattern, sliceMm } of [
    { name: 'postContrast', pattern: /\.dcm$/, sliceMm: 3 },
    { name: 'oblique', pattern: /\.dcm$/, sliceMm: 1 },
    { name: 'enhanced', pattern: /series6/, sliceMm: 5 },
  ] as const)
    it.skipIf(!folders[name])(
      `is within half a millimetre: ${name}, prior slices of ${sliceMm} mm`,
      { timeout },
      async () => {
        const source = await read(folders[name]!, pattern);
        const current = resampleLinear(source, templateGrid, poses[name]);
        const prior = rescan(source, {
          seed: 5,
          secondFromFirst,
          spacing: [1, 1, sliceMm],
          shape: [240, 250, Math.floor(200 / sliceMm)],
          noise: 0.15,
          bias: 0.5,
        });
        const truth = multiplyAffine(secondFromFirst, poses[name]);
        const initial = multiplyAffine(truth, slip);
        const found = await registerPrior({ current, currentMask: brain, prior, initial, settings });
        const error = targetErrorMm(brain, found.priorFromTemplate, truth);
        expect(error.mean).toBeLessThanOrEqual(0.5);
        expect(error.worst).toBeLessThanOrEqual(1);
        expect(found.verdict).toBe('accepted');
        expect(found.rotationDegrees).toBeGreaterThan(3);
      },
    );
});

describe('registerPrior', () => {
  const head = {
    seed: 7,
    spacing: [2, 2, 2] as const,
    shape: [112, 125, 95] as const,
    rotation: [0, 0, 0] as const,
    shiftMm: [0, 0, 0] as const,
    scale: [1, 1, 1] as const,
    warpMm: 3,
    noise: 0.04,
    bias: 0.1,
    lesions: 3,
  };
  let source: Volume;
  let current: Volume;
  let prior: Volume;
  let initial: Affine;
  beforeAll(async () => {
    source = warpedHead(await loadTemplate(), head).image;
    current = resampleLinear(source, templateGrid, identityAffine);
    prior = rescan(source, {
      seed: 8,
      secondFromFirst,
      spacing: [2, 2, 3],
      shape: [112, 125, 64],
      noise: 0.1,
      bias: 0.4,
    });
    initial = multiplyAffine(secondFromFirst, slip);
  });

  it(
    'gives the same transform for the same input, and a prior that looks like the current image',
    { timeout },
    async () => {
      const request = { current, currentMask: brain, prior, initial, settings };
      const first = await registerPrior(request);
      const second = await registerPrior(request);
      expect(second.priorFromTemplate).toEqual(first.priorFromTemplate);
      expect(second.similarity).toBe(first.similarity);
      expect(targetErrorMm(brain, first.priorFromTemplate, secondFromFirst).mean).toBeLessThan(0.5);
      const resampled = resamplePrior(prior, first);
      expect(resampled.shape).toEqual(templateGrid.shape);
      expect(correlate(current, resampled, identityAffine).correlation).toBeGreaterThan(0.9);
    },
  );

  it("refuses another person's head", { timeout }, async () => {
    const other = warpedHead(await loadTemplate(), {
      ...head,
      seed: 99,
      scale: [1.07, 0.94, 1.05],
      warpMm: 6,
      lesions: 0,
    });
    const found = await registerPrior({
      current,
      currentMask: brain,
      prior: other.image,
      initial: identityAffine,
      settings,
    });
    expect(found.verdict).toBe('refused');
    expect(found.refusal?.kind).toBe('low similarity');
  });

  it('refuses a prior that covers half of the brain', { timeout }, async () => {
    const half: Volume = {
      shape: [112, 125, 45],
      patientFromVoxel: source.patientFromVoxel,
      voxels: source.voxels.slice(0, 112 * 125 * 45),
    };
    const found = await registerPrior({ current, currentMask: brain, prior: half, initial: identityAffine, settings });
    expect(found.verdict).toBe('refused');
    expect(found.refusal?.kind).toBe('small overlap');
  });

  it('stops when told to', { timeout }, async () => {
    const request = { current, currentMask: brain, prior, initial, settings };
    await expect(registerPrior({ ...request, signal: AbortSignal.timeout(1) })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it.skipIf(!folders.fruit)('refuses the fruit', { timeout }, async () => {
    const found = await registerPrior({
      current,
      currentMask: brain,
      prior: await read(folders.fruit!),
      initial: identityAffine,
      settings,
    });
    expect(found.verdict).toBe('refused');
  });
});
