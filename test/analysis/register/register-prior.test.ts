import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
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
import { pose, warpedHead } from '../prepare/warped-head.js';
import { rescan, targetErrorMm } from './rescan.js';

let settings: RegistrationSettings;
let brain: LabelMap;
beforeAll(async () => {
  settings = loadMapping(
    resolve(import.meta.dirname, '../../../mappings/registration.yaml'),
    registrationSettingsSchema,
  );
  brain = (await loadTemplate()).brainMask;
});

const secondFromFirst = pose([10, -6, 8], [12, -9, 15]);
/** How far the initial alignment is off. */
const slip = pose([3, -2, 2], [3, 4, -3]);

describe('the plausibility gate', () => {
  const plausible = { similarity: 1.3, overlap: 1, rotationDegrees: 20, translationMm: 30 };

  it('accepts what is within every limit, and names the first that is violated', () => {
    expect(whyRefused(plausible, settings)).toBeNull();
    const { minimumSimilarity, minimumOverlap, maximumRotationDegrees, maximumTranslationMm } = settings;
    const kindOf = (change: Partial<typeof plausible>) => whyRefused({ ...plausible, ...change }, settings)?.kind;
    expect(kindOf({ similarity: minimumSimilarity - 1e-3 })).toBe('low similarity');
    expect(kindOf({ overlap: minimumOverlap - 1e-3 })).toBe('small overlap');
    expect(kindOf({ rotationDegrees: maximumRotationDegrees + 0.1 })).toBe('implausible turn');
    expect(kindOf({ translationMm: maximumTranslationMm + 0.1 })).toBe('implausible shift');
  });

  it('refuses values that are not numbers', () => {
    for (const measure of Object.keys(plausible))
      expect(whyRefused({ ...plausible, [measure]: NaN }, settings)).not.toBeNull();
  });
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

  it('gives the same transform for the same input, and a prior that looks like the current image', async () => {
    const request = { current, currentMask: brain, prior, initial, settings };
    const first = await registerPrior(request);
    const second = await registerPrior(request);
    expect(second.priorFromTemplate).toEqual(first.priorFromTemplate);
    expect(second.similarity).toBe(first.similarity);
    expect(targetErrorMm(brain, first.priorFromTemplate, secondFromFirst).mean).toBeLessThan(0.5);
    const resampled = resamplePrior(prior, first);
    expect(resampled.shape).toEqual(templateGrid.shape);
    expect(correlate(current, resampled, identityAffine).correlation).toBeGreaterThan(0.9);
  });

  it("refuses another person's head", async () => {
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

  it('refuses a prior that covers half of the brain', async () => {
    const half: Volume = {
      shape: [112, 125, 45],
      patientFromVoxel: source.patientFromVoxel,
      voxels: source.voxels.slice(0, 112 * 125 * 45),
    };
    const found = await registerPrior({ current, currentMask: brain, prior: half, initial: identityAffine, settings });
    expect(found.verdict).toBe('refused');
    expect(found.refusal?.kind).toBe('small overlap');
  });

  it('stops when asked to', async () => {
    const request = { current, currentMask: brain, prior, initial, settings };
    await expect(registerPrior({ ...request, signal: AbortSignal.timeout(1) })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
