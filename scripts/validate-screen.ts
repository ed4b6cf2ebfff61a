/**
 * Runs an ensemble with and without its 8-bit screens over whole phantoms and writes what it found into the manifests:
 * `npx tsx scripts/validate-screen.ts <models folder> <folder of patients in the training layout> [time points]`.
 * A screen passes when no lesion changes its class (confirmed, candidate, absent) and the masks' Dice is at least 0.99 in every volume;
 * the node does not use one that has not passed. Prints JSON; exit code 1 when the screens do not pass.
 */
import { readFileSync, readdirSync, existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Ensemble, type Probabilities } from '../src/infer/ensemble.js';
import { loadModels, type Role } from '../src/infer/manifest.js';
import { measureLesions, type Measured } from '../src/measure/measure.js';
import { normalise } from '../src/prepare/normalise.js';
import { identityAffine } from '../src/volume/affine.js';
import { readNifti } from '../src/volume/nifti.js';
import type { LabelMap } from '../src/volume/volume.js';

const leastDice = 0.99;
const [modelsFolder, patients, wanted = '8'] = process.argv.slice(2);
if (!modelsFolder || !patients) throw new Error('usage: validate-screen <models folder> <patients> [time points]');
const roles: readonly Role[] = ['sensitivity', 'specificity'];
const models = await loadModels(modelsFolder);
const options = { provider: 'cpu', threads: availableParallelism(), memoryLimitMb: 3000 } as const;
const exact = await Ensemble.start(models, { ...options, screen: 'never' });
const screened = await Ensemble.start(models, { ...options, screen: 'always' });
if (!screened.execution!.screened) throw new Error('this processor or these models have no screens to validate');

const timePoints = readdirSync(patients)
  .sort()
  .flatMap((patient) => ['t0', 't1', 't2'].map((time) => join(patients, patient, time)))
  .filter((folder) => existsSync(join(folder, 'case.json')));
// Evenly over patients, first scans and follow-ups in turn.
const step = Math.max(1, Math.floor(timePoints.length / Number(wanted)));
const chosen = timePoints.filter((_, n) => n % step === Math.floor(n / step) % step).slice(0, Number(wanted));
const found = {
  sensitivity: { dice: 1, difference: 0 },
  specificity: { dice: 1, difference: 0 },
};
let lesions = 0;
let changedClass = 0;
const seconds = { exact: 0, screened: 0 };
for (const folder of chosen) {
  const read = async (name: string) => readNifti(join(folder, name));
  const mask = await read('mask.nii.gz');
  const region: LabelMap = { ...mask, voxels: Uint8Array.from(mask.voxels, (value) => (value > 0 ? 1 : 0)) };
  const { preprocessing } = models.sensitivity.manifest;
  const current = normalise(await read('image.nii.gz'), region, preprocessing);
  const prior = existsSync(join(folder, 'prior.nii.gz')) ? normalise(await read('prior.nii.gz'), region, preprocessing) : null; // prettier-ignore
  const timed = async (ensemble: Ensemble, name: keyof typeof seconds) => {
    const began = performance.now();
    const result = await ensemble.run({ current, prior, region });
    seconds[name] += (performance.now() - began) / 1000;
    return result;
  };
  const [a, b] = [await timed(exact, 'exact'), await timed(screened, 'screened')];
  for (const role of roles) {
    const { threshold } = models[role].manifest;
    const [x, y] = [a[role].voxels, b[role].voxels];
    let [both, sum, difference] = [0, 0, 0];
    x.forEach((value, index) => {
      both += Number(value >= threshold && y[index] >= threshold);
      sum += Number(value >= threshold) + Number(y[index] >= threshold);
      difference = Math.max(difference, Math.abs(value - y[index]));
    });
    found[role].dice = Math.min(found[role].dice, sum ? (2 * both) / sum : 1);
    found[role].difference = Math.max(found[role].difference, difference);
  }
  const measure = (probabilities: Probabilities) =>
    measureLesions({
      ...probabilities,
      thresholds: { sensitivity: models.sensitivity.manifest.threshold, specificity: models.specificity.manifest.threshold }, // prettier-ignore
      source: current,
      sourceFromTemplate: identityAffine,
      region,
    });
  const [one, other] = [measure(a), measure(b)];
  lesions += one.lesions.length;
  const changed = unmatched(one, other) + unmatched(other, one);
  changedClass += changed;
  console.error(`${folder}: ${one.lesions.length} lesions, ${changed} changed; Dice so far ${found.sensitivity.dice} ${found.specificity.dice}`); // prettier-ignore
}
exact.close();
screened.close();

/** Lesions of `a` that no lesion of `b` of the same class overlaps. */
function unmatched(a: Measured, b: Measured): number {
  const pairs = new Set<string>();
  a.labels.voxels.forEach((number, index) => {
    const other = b.labels.voxels[index];
    if (number && other && a.lesions[number - 1].confidence === b.lesions[other - 1].confidence)
      pairs.add(String(number));
  });
  return a.lesions.length - pairs.size;
}

const passed = changedClass === 0 && roles.every((role) => found[role].dice >= leastDice);
for (const name of readdirSync(modelsFolder).filter((entry) => entry.endsWith('.json'))) {
  const manifest = JSON.parse(readFileSync(join(modelsFolder, name), 'utf8'));
  const { dice, difference } = found[manifest.role as Role];
  const rounded = (value: number) => Math.round(value * 1e4) / 1e4;
  manifest.execution.screen.validation = {
    volumes: chosen.length,
    lesions,
    changedClass,
    leastDice: Math.floor(dice * 1e4) / 1e4,
    largestDifference: rounded(difference),
    passed,
  };
  writeFileSync(join(modelsFolder, name), JSON.stringify(manifest, null, 2) + '\n');
}
console.log(JSON.stringify({ volumes: chosen.length, lesions, changedClass, ...found, seconds, passed }, null, 2));
process.exitCode = passed ? 0 : 1;
