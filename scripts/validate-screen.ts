/**
 * Runs an ensemble with and without its 8-bit screen over whole phantoms and writes what it found into M_sens's manifest:
 * `npx tsx scripts/validate-screen.ts <models folder> <folder of patients in the training layout> [time points]`.
 * The screen passes when no lesion changes its class (confirmed, candidate, absent), the masks' Dice is at least 0.99 in every volume
 * and no probability changes by 0.1, below which a follow-up takes a site for empty. Where it does not at the highest thresholds, lower ones
 * are tried. The node does not use a screen that has not passed. With `--check` only the thresholds that the manifest has are looked at, on patients
 * that did not choose them, and nothing is written. Prints JSON; exit code 3 when it does not pass at any thresholds.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Ensemble, type Probabilities } from '../src/analysis/infer/ensemble.js';
import { findingRule, loadModels, type Role } from '../src/analysis/infer/manifest.js';
import type { ScreenUse } from '../src/analysis/infer/messages.js';
import { measureLesions, type Measured } from '../src/analysis/measure/measure.js';
import { identityAffine } from '../src/imaging/affine.js';
import { readTimePoint } from './training-time-point.js';

const leastDice = 0.99;
const differenceLimit = 0.1;
const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [modelsFolder, patients, wanted = '8'] = positionals;
if (!modelsFolder || !patients)
  throw new Error('usage: validate-screen <models folder> <patients> [time points] [--check]');
const roles: readonly Role[] = ['sensitivity', 'specificity'];
const models = await loadModels(modelsFolder);
const { manifestPath } = models.sensitivity;
const { preprocessing } = models.sensitivity.manifest;
const { screen } = models.sensitivity.manifest.execution;
if (!screen) throw new Error('M_sens has no screen to validate');
/** From which probability of the screen M_sens is run, and from which of M_sens M_spec is. */
const ladder = values.check
  ? [screen.thresholds]
  : [0.02, 0.01, 0.005, 0.0025, 0.00125].map((sensitivity) => ({ sensitivity, specificity: 5 * sensitivity }));
const options = { provider: 'cpu', threads: availableParallelism(), memoryLimitMb: 3000 } as const;

const timePoints = readdirSync(patients)
  .sort()
  .flatMap((patient) => ['t0', 't1', 't2'].map((time) => join(patients, patient, time)))
  .filter((folder) => existsSync(join(folder, 'case.json')));
// Evenly over patients, first scans and follow-ups in turn.
const step = Math.max(1, Math.floor(timePoints.length / Number(wanted)));
const chosen = timePoints.filter((_, n) => n % step === Math.floor(n / step) % step).slice(0, Number(wanted));

const seconds = { exact: 0, screened: 0 };

/** What an ensemble makes of one volume after another, until the caller has seen enough. */
async function* runAll(use: ScreenUse): AsyncGenerator<Probabilities> {
  const ensemble = await Ensemble.start(models, { ...options, screen: use });
  try {
    for (const folder of chosen) {
      const input = await readTimePoint(folder, preprocessing);
      const began = performance.now();
      const probabilities = await ensemble.run(input);
      const took = (performance.now() - began) / 1000;
      seconds[use === 'always' ? 'screened' : 'exact'] += took;
      console.error(
        `${folder}: ${use === 'always' ? JSON.stringify(screen!.thresholds) : 'exact'}, ${took.toFixed(1)} s`,
      );
      yield probabilities;
    }
  } finally {
    ensemble.close();
  }
}

/** What the screen changes in a volume. */
async function compare(folder: string, exact: Probabilities, screened: Probabilities) {
  let [dice, difference] = [1, 0];
  for (const role of roles) {
    const { threshold } = models[role].manifest;
    const [x, y] = [exact[role].voxels, screened[role].voxels];
    let [both, sum] = [0, 0];
    x.forEach((value, index) => {
      both += Number(value >= threshold && y[index] >= threshold);
      sum += Number(value >= threshold) + Number(y[index] >= threshold);
      difference = Math.max(difference, Math.abs(value - y[index]));
    });
    dice = Math.min(dice, sum ? (2 * both) / sum : 1);
  }
  const { current, region } = await readTimePoint(folder, preprocessing);
  const measure = (probabilities: Probabilities) =>
    measureLesions({
      ...probabilities,
      ...findingRule(models),
      source: current,
      sourceFromTemplate: identityAffine,
      region,
    });
  const [one, other] = [measure(exact), measure(screened)];
  return { lesions: one.lesions.length, changed: unmatched(one, other) + unmatched(other, one), dice, difference };
}

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

/** Volume after volume with the screen; where thresholds are chosen, up to the first that does not pass. */
async function validate(exact: readonly Probabilities[]) {
  const found = { volumes: 0, lesions: 0, changedClass: 0, leastDice: 1, largestDifference: 0, passed: true };
  for await (const screened of runAll('always')) {
    const { lesions, changed, dice, difference } = await compare(chosen[found.volumes], exact[found.volumes], screened);
    found.volumes++;
    found.lesions += lesions;
    found.changedClass += changed;
    found.leastDice = Math.min(found.leastDice, Math.floor(dice * 1e4) / 1e4);
    found.largestDifference = Math.max(found.largestDifference, Math.ceil(difference * 1e4) / 1e4);
    found.passed =
      found.changedClass === 0 && found.leastDice >= leastDice && found.largestDifference < differenceLimit;
    if (!found.passed && !values.check) break;
  }
  return { specificity: models.specificity.manifest.sha256, ...found };
}

const exact: Probabilities[] = [];
for await (const probabilities of runAll('never')) exact.push(probabilities);
for (const thresholds of ladder) {
  screen.thresholds = thresholds;
  seconds.screened = 0;
  screen.validation = await validate(exact);
  console.error(`${JSON.stringify(thresholds)}: ${JSON.stringify(screen.validation)}`);
  if (screen.validation.passed) break;
}
if (!values.check) {
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { execution: { screen: object } };
  Object.assign(manifest.execution.screen, { thresholds: screen.thresholds, validation: screen.validation });
  writeFileSync(manifestPath, JSON.stringify(manifest, null, 2) + '\n');
}
console.log(JSON.stringify({ ...screen.validation, thresholds: screen.thresholds, seconds }, null, 2));
process.exitCode = screen.validation!.passed ? 0 : 3;
