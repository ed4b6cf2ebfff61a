import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTemplate } from '../../../src/analysis/prepare/template.js';
import { registerPrior } from '../../../src/analysis/register/register-prior.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import {
  registrationSettingsSchema,
  type RegistrationSettings,
} from '../../../src/analysis/register/register-prior.js';
import { identityAffine, multiplyAffine } from '../../../src/imaging/affine.js';
import { resampleLinear } from '../../../src/imaging/resample.js';
import { templateGrid, type LabelMap } from '../../../src/imaging/volume.js';
import { sharedData } from '../../peers.js';
import { readSeries } from '../assemble/real-series.js';
import { pose } from '../prepare/warped-head.js';
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

const secondFromFirst = pose([10, -6, 8], [12, -9, 15]);
/** How far the initial alignment is off. */
const slip = pose([3, -2, 2], [3, 4, -3]);

describe('registerPrior on known transforms of real heads', () => {
  for (const { name, pattern, sliceMm } of [
    { name: 'postContrast', pattern: /\.dcm$/, sliceMm: 3 },
    { name: 'oblique', pattern: /\.dcm$/, sliceMm: 1 },
    { name: 'enhanced', pattern: /series6/, sliceMm: 5 },
  ] as const)
    it.skipIf(!folders[name])(`is within half a millimetre: ${name}, prior slices of ${sliceMm} mm`, async () => {
      const source = await readSeries(folders[name]!, pattern);
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
    });
});

it.skipIf(!folders.postContrast || !folders.fruit)('refuses the fruit as the prior of a head', async () => {
  const found = await registerPrior({
    current: resampleLinear(await readSeries(folders.postContrast!), templateGrid, poses.postContrast),
    currentMask: brain,
    prior: await readSeries(folders.fruit!),
    initial: identityAffine,
    settings,
  });
  expect(found.verdict).toBe('refused');
});
