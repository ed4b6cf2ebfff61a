/**
 * Rigid registration of a prior to the current image, beside Debian's native elastix on the same images: `npx tsx bench/registration.ts`.
 * Prints JSON: a row each for elastix's own default parameters and for ours, native and here (WASM in a child process),
 * with the error at the brain's voxels against the known transform. The head is the real post-contrast one where
 * `../shared/data` has it, else a warped template.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { assembleSeries } from '../src/analysis/assemble/assemble-series.js';
import { linearStage, type ParameterMap } from '../src/imaging/elastix/parameter-map.js';
import { registerImages } from '../src/imaging/elastix/register-images.js';
import { composeAffine, parseTransform } from '../src/imaging/elastix/transform.js';
import { loadTemplate } from '../src/analysis/prepare/template.js';
import { registerPrior } from '../src/analysis/register/register-prior.js';
import { loadMapping } from '../src/core/mapping-file.js';
import { registrationSettingsSchema } from '../src/analysis/register/register-prior.js';
import { identityAffine, multiplyAffine, type Affine } from '../src/imaging/affine.js';
import { coarsen } from '../src/imaging/block-mean.js';
import { boundingBox, boxOn, crop } from '../src/imaging/crop.js';
import { flatten } from '../src/imaging/flatten.js';
import { encodeNifti } from '../src/imaging/nifti.js';
import { resampleLinear } from '../src/imaging/resample.js';
import { templateGrid, type Volume } from '../src/imaging/volume.js';
import { pose, warpedHead } from '../test/analysis/prepare/warped-head.js';
import { rescan, targetErrorMm } from '../test/analysis/register/rescan.js';

const repetitions = Number(process.argv[2] ?? 3);
const template = await loadTemplate();
const settings = loadMapping(resolve(import.meta.dirname, '../mappings/registration.yaml'), registrationSettingsSchema);
const { name, current, prior, truth, initial } = await images();
const box = boundingBox(template.brainMask)!;

/** elastix's default rigid parameters at three levels, written out so that both engines get the same. */
const defaults: ParameterMap = {
  ...linearStage('rigid', { resolutions: 3, iterations: 256, samples: 2048 }),
  FixedImagePyramid: ['FixedSmoothingImagePyramid'],
  MovingImagePyramid: ['MovingSmoothingImagePyramid'],
  NumberOfSamplesForExactGradient: ['4096'],
  FinalBSplineInterpolationOrder: ['3'],
  WriteResultImage: ['true'],
  ResultImageFormat: ['nii'],
  ResultImagePixelType: ['float'],
};
const ours = linearStage('rigid', settings);
const flat = {
  fixed: flatten(coarsen(current, settings.spacingMm)),
  moving: flatten(coarsen(prior, settings.spacingMm)),
};
const cropped = crop(flat.fixed, boxOn(flat.fixed, template.brainMask, box, identityAffine, 8)!);

const rows = [
  await native('native elastix, default parameters, 1 mm', current, prior, defaults),
  await wasm('WASM, default parameters, 1 mm', current, prior, defaults),
  await native('native elastix, our parameters and images', cropped, flat.moving, ours),
  await wasm('WASM, our parameters and images', cropped, flat.moving, ours),
  await whole(),
];
console.log(
  JSON.stringify(
    { head: name, repetitions, cpu: cpus()[0].model, cores: cpus().length, loadAverage: loadavg()[0], rows },
    null,
    2,
  ),
);

interface Run {
  movingFromFixed: Affine;
  cpuSeconds: number;
  peakRssMb: number | null;
}

async function repeated(row: string, once: () => Promise<Run>) {
  const seconds: number[] = [];
  const runs: Run[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const start = performance.now();
    runs.push(await once());
    seconds.push((performance.now() - start) / 1000);
  }
  const error = targetErrorMm(template.brainMask, runs[0].movingFromFixed, truth);
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  return {
    row,
    secondsBest: round(Math.min(...seconds), 2),
    seconds: seconds.map((value) => round(value, 2)),
    cpuSecondsBest: round(Math.min(...runs.map((run) => run.cpuSeconds)), 2),
    peakRssMb: runs[0].peakRssMb,
    targetErrorMm: { mean: round(error.mean, 3), worst: round(error.worst, 3) },
    sameEveryTime: runs.every((run) => JSON.stringify(run.movingFromFixed) === JSON.stringify(runs[0].movingFromFixed)),
  };
}

function wasm(row: string, fixed: Volume, moving: Volume, parameters: ParameterMap) {
  return repeated(row, async () => {
    const { transforms, cpuSeconds, peakRssMb } = await registerImages({
      fixed,
      moving,
      stages: [parameters],
      initial,
    });
    return { movingFromFixed: composeAffine(transforms), cpuSeconds, peakRssMb };
  });
}

/** Everything the node does for a prior: shrinking, flattening, a process, the registration, the verdict. */
function whole() {
  return repeated('registerPrior, everything', async () => {
    const before = process.cpuUsage();
    const found = await registerPrior({ current, currentMask: template.brainMask, prior, initial, settings });
    const { user, system } = process.cpuUsage(before);
    return {
      movingFromFixed: found.priorFromTemplate,
      cpuSeconds: found.cpuSeconds + (user + system) / 1e6,
      peakRssMb: found.peakRssMb,
    };
  });
}

async function native(row: string, fixed: Volume, moving: Volume, parameters: ParameterMap) {
  const folder = await mkdtemp(join(tmpdir(), 'priora-bench-'));
  try {
    const path = (file: string) => join(folder, file);
    // The start is carried by the fixed image's header, as our own process does.
    const shifted = { ...fixed, patientFromVoxel: multiplyAffine(initial, fixed.patientFromVoxel) };
    await writeFile(path('fixed.nii'), encodeNifti(shifted));
    await writeFile(path('moving.nii'), encodeNifti(moving));
    await writeFile(path('parameters.txt'), written(parameters));
    const elastix = `elastix -f ${path('fixed.nii')} -m ${path('moving.nii')} -p ${path('parameters.txt')} -out ${folder}`;
    // bash knows the processor time of the child it waited for.
    const command = `TIMEFORMAT='%U %S'; time ${elastix} > /dev/null`;
    return await repeated(row, async () => {
      const { stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
      const [user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
      const map = parsed(await readFile(path('TransformParameters.0.txt'), 'utf8'));
      const transform = parseTransform(map);
      return {
        movingFromFixed: composeAffine([{ kind: 'affine', movingFromFixed: initial }, transform]),
        cpuSeconds: user + system,
        peakRssMb: null,
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function written(map: ParameterMap): string {
  const quoted = (value: string) => (Number.isNaN(Number(value)) ? `"${value}"` : value);
  return Object.entries(map)
    .map(([key, values]) => `(${key} ${values.map(quoted).join(' ')})\n`)
    .join('');
}

function parsed(text: string): ParameterMap {
  const lines = [...text.matchAll(/^\((\S+) (.*)\)$/gm)];
  return Object.fromEntries(lines.map(([, key, values]) => [key, values.replaceAll('"', '').trim().split(/\s+/)]));
}

async function images() {
  const folder = resolve(import.meta.dirname, '../../shared/data/t1gd-siemens-avanto');
  const real = existsSync(folder);
  const source = real
    ? (await assembleSeries((await readdir(folder)).map((file) => join(folder, file)))).volume
    : warpedHead(template, {
        seed: 1,
        spacing: [1, 1, 1],
        shape: [200, 230, 190],
        rotation: [0, 0, 0],
        shiftMm: [0, 0, 0],
        scale: [1, 1, 1],
        warpMm: 3,
        noise: 0.03,
        bias: 0.1,
        lesions: 4,
      }).image;
  const sourceFromTemplate = real ? pose([-14.5, 0, 0], [3, -33, -12]) : identityAffine;
  const secondFromFirst = pose([10, -6, 8], [12, -9, 15]);
  const knownTransform = multiplyAffine(secondFromFirst, sourceFromTemplate);
  return {
    name: real ? 'real, post-contrast' : 'warped template',
    current: resampleLinear(source, templateGrid, sourceFromTemplate),
    prior: rescan(source, {
      seed: 5,
      secondFromFirst,
      spacing: [1, 1, 1],
      shape: [240, 250, 190],
      noise: 0.15,
      bias: 0.5,
    }),
    truth: knownTransform,
    initial: multiplyAffine(knownTransform, pose([3, -2, 2], [3, 4, -3])),
  };
}
