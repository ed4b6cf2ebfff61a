/**
 * Probability maps of trained networks for the time points of a split, computed as the node computes them: what `training.evaluate`
 * scores. Five times as fast as `training.evaluate.predict`, for the networks that have the node's parts (`training/export/parts.py`).
 *
 *     npm run predict -- m-sens jvss-0.5 … [--split test] [--as test] [--prior withheld | --prior 2] [--cases=NAME] [--exact] [--share 1/2]
 *
 * `training/runs/<network>/parts` holds the parts, `training/runs/<network>/<as>` receives the maps; maps that are there are kept.
 * `--prior` is for follow-ups only: 2 moves each prior by 2 mm in a direction of its own, on top of the misregistration it has. The networks are run
 * where the 8-bit screen of the shipped M_sens, the prior withheld, reaches its threshold, and have probability 0 elsewhere; everywhere with `--exact`.
 * `--cases` takes those whose name contains NAME, such as `--cases=-t1`; `--share 1/2` every second one, on half of the processors: two processes of
 * one thread each are half as fast again as one of two.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageFolder } from '../src/core/software.js';
import type { EnsembleInput } from '../src/analysis/infer/ensemble.js';
import { loadModels, type Part } from '../src/analysis/infer/manifest.js';
import { Network, screenMargin, suspicious } from '../src/analysis/infer/network.js';
import { exactShape, screenShape, type NetworkShape } from '../src/analysis/infer/network-shape.js';
import { Random } from '../src/phantom/random.js';
import { writeNifti } from '../src/imaging/nifti.js';
import { resampleLinear } from '../src/imaging/resample.js';
import type { LabelMap, Volume } from '../src/imaging/volume.js';
import { readTimePoint } from './training-time-point.js';

/** Probabilities below this are written as 0, as `training.evaluate.predict` does; curves start above it. */
const least = 1e-3;
const memoryBytes = 2e9;

const { values, positionals: networks } = parseArgs({
  options: {
    split: { type: 'string', default: 'test' },
    as: { type: 'string', default: 'test' },
    prior: { type: 'string', default: '0' },
    exact: { type: 'boolean', default: false },
    runs: { type: 'string', default: 'training/runs' },
    cases: { type: 'string', default: '' },
    share: { type: 'string', default: '1/1' },
  },
  allowPositionals: true,
});
const [share, shares] = values.share.split('/').map(Number);
if (!(share >= 1 && share <= shares)) throw new Error('--share is K/N, K from 1 to N');
const threads = Math.max(1, Math.floor(availableParallelism() / shares));
const { sensitivity } = await loadModels(join(packageFolder, 'models'));
const { preprocessing, execution } = sensitivity.manifest;
const open = (paths: Readonly<Record<Part, string>>, shape: NetworkShape) =>
  Network.open(paths, shape, { provider: 'cpu', threads });
const screen = values.exact ? null : await openScreen();
const opened = await Promise.all(networks.map(openNetwork));

async function openScreen() {
  if (!sensitivity.screen || !execution.screen) throw new Error('the shipped M_sens has no screen');
  const { block, thresholds } = execution.screen;
  return {
    network: await open(sensitivity.screen, screenShape(sensitivity.manifest, block)),
    threshold: thresholds.sensitivity,
  };
}

async function openNetwork(name: string) {
  const run = join(values.runs, name);
  const file = (part: Part) => join(run, 'parts', `${name}.${part}.onnx`);
  const files = { context: file('context'), prior: file('prior'), detail: file('detail') };
  const { network: layers } = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as {
    network: { widths: number[]; classifier_widths: number[] };
  };
  const sha256 = createHash('sha256');
  for (const path of Object.values(files)) sha256.update(readFileSync(path));
  const folder = join(run, values.as);
  claim(folder, {
    parts: sha256.digest('hex'),
    withPrior: values.prior !== 'withheld',
    movedPriorMm: Number(values.prior) || 0,
    screen: screen && { sha256: execution.screen!.detail.sha256, threshold: screen.threshold },
  });
  return {
    folder,
    network: await open(files, exactShape({ widths: layers.widths, classifierWidths: layers.classifier_widths })),
  };
}

/** Notes in `folder` what its maps come from. @throws Error when it holds maps of something else. */
function claim(folder: string, origin: object): void {
  mkdirSync(folder, { recursive: true });
  const note = join(folder, 'origin.json');
  const text = JSON.stringify(origin, null, 1) + '\n';
  if (existsSync(note) && readFileSync(note, 'utf8') !== text)
    throw new Error(`${folder} holds maps of another network or with other options; remove it to predict anew`);
  // Several processes may come at once.
  writeFileSync(`${note}.${process.pid}`, text);
  renameSync(`${note}.${process.pid}`, note);
}

/** The prior that the networks are to see: moved before it is masked, as a registration that is off would move it. */
function changedPrior(prior: Volume, name: string): Volume | null {
  if (values.prior === 'withheld') return null;
  const millimetres = Number(values.prior);
  if (millimetres === 0) return prior;
  const [x, y, z] = new Random(`moved prior of ${name}`).direction().map((component) => component * millimetres);
  return resampleLinear(prior, prior, [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1]);
}

/** Where the networks are run. */
async function regionOf({ current, region }: EnsembleInput): Promise<LabelMap> {
  if (!screen) return region;
  const input = { current, prior: null, missingPriorValue: preprocessing.missingPriorValue };
  const rough = await screen.network.probabilities(input, region, screen.network.plan(region, memoryBytes));
  return suspicious(region, rough, screen.threshold, screenMargin);
}

const data = join(values.runs, 'data', values.split);
const timePoints = readdirSync(data)
  .sort()
  .flatMap((patient) =>
    readdirSync(join(data, patient))
      .sort()
      .map((time) => ({ folder: join(data, patient, time), name: `${patient}-${time}` })),
  )
  .filter(({ folder, name }) => existsSync(join(folder, 'case.json')) && name.includes(values.cases))
  .filter(({ folder }) => values.prior === '0' || existsSync(join(folder, 'prior.nii.gz')))
  .filter((_, number) => number % shares === share - 1);
for (const [number, { folder, name }] of timePoints.entries()) {
  const missing = opened.filter((one) => !existsSync(join(one.folder, `${name}.nii.gz`)));
  if (missing.length === 0) continue;
  const began = performance.now();
  const input = await readTimePoint(folder, preprocessing, (prior) => changedPrior(prior, name));
  const region = await regionOf(input);
  const { missingPriorValue } = preprocessing;
  for (const { network, folder: to } of missing) {
    const plan = network.plan(region, memoryBytes);
    const voxels = await network.probabilities({ ...input, missingPriorValue }, region, plan);
    for (let index = 0; index < voxels.length; index++) if (voxels[index] < least) voxels[index] = 0;
    await writeNifti(join(to, `${name}.nii.gz`), { ...input.region, voxels });
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.error(`${name}: ${number + 1} of ${timePoints.length}, ${missing.length} networks, ${seconds} s`);
}
