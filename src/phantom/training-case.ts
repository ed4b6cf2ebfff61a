import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { writeNifti } from '../imaging/nifti.js';
import { resampleLinear } from '../imaging/resample.js';
import { templateGrid, type Grid, type Volume } from '../imaging/volume.js';
import type { PhantomPatient } from './patient.js';
import { Random } from './random.js';
import { rigidAffine } from './rigid.js';
import { acquire } from './acquire.js';
import { brainMaskOn, labelsOn } from './scan.js';
import { patientFromHead, type ScannerSettings } from './scanner.js';
import { phantomTruth } from './truth.js';

/** A scan together with how it was made: the acquisition is reused as the next time point's prior. */
export interface Acquisition {
  readonly scanner: ScannerSettings;
  readonly image: Volume;
}

/** Registration errors are turned about the brain's middle. */
const brainCentreMm: Vector3 = [0, 18, 8];

/** A rigid error: a shift of a random direction and length, and a turn about each axis. */
function rigidError(random: Random, shiftMm: number, turnDeg: number): Affine {
  const [x, y, z] = random.direction();
  const turn = () => random.uniform(-turnDeg, turnDeg);
  return rigidAffine([turn(), turn(), turn()], [x * shiftMm, y * shiftMm, z * shiftMm], brainCentreMm);
}

/** Whole numbers as the node's input has them. */
function toInt16({ voxels, ...grid }: Volume): Grid & { voxels: Int16Array } {
  // A plain loop: TypedArray.from with a function is fifty times slower.
  const rounded = new Int16Array(voxels.length);
  for (let index = 0; index < voxels.length; index++) rounded[index] = Math.round(voxels[index]);
  return { ...grid, voxels: rounded };
}

/** Whether a time point's folder is complete: its `case.json` is written last. */
export async function isTrainingCaseComplete(folder: string): Promise<boolean> {
  return readFile(join(folder, 'case.json')).then(
    () => true,
    () => false,
  );
}

/**
 * Writes one time point for training, as the node's preparation would hand it to the networks: the scan rigidly in the
 * template's grid with the pose error a registration of an individual head leaves (±4 mm, ±3°), resampled once.
 *
 * Files: `image.nii.gz`, `prior.nii.gz` (the scan before in the same grid, misregistered by 0–1.5 mm and up to 1°; absent
 * for first scans), `label.nii.gz` (lesion ids), `mask.nii.gz` (brain, its border off by 1–2 mm), `case.json`.
 */
export async function writeTrainingCase(
  folder: string,
  patient: PhantomPatient,
  time: number,
  current: Acquisition,
  prior: Acquisition | null,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const random = new Random(`phantom training ${patient.seed} ${time}`);
  // Head space ← template space.
  const pose = rigidError(random.fork('pose'), random.uniform(0, 4), 3);
  const imageFromTemplate = (acquisition: Acquisition, error: Affine) =>
    multiplyAffine(patientFromHead(acquisition.scanner), multiplyAffine(pose, error));
  const identity = rigidAffine([0, 0, 0], [0, 0, 0]);

  await writeNifti(
    join(folder, 'image.nii.gz'),
    toInt16(resampleLinear(current.image, templateGrid, imageFromTemplate(current, identity))),
  );
  const priorShiftMm = random.uniform(0, 1.5);
  const misregistration = rigidError(random.fork('prior'), priorShiftMm, 1 / Math.sqrt(3));
  if (prior)
    await writeNifti(
      join(folder, 'prior.nii.gz'),
      toInt16(resampleLinear(prior.image, templateGrid, imageFromTemplate(prior, misregistration))),
    );
  await writeNifti(join(folder, 'label.nii.gz'), labelsOn(patient, time, templateGrid, pose));
  await writeNifti(join(folder, 'mask.nii.gz'), brainMaskOn(patient, templateGrid, pose, random.fork('mask')));

  // Between image.nii.gz and prior.nii.gz, which share the template's patient coordinates.
  const truth = phantomTruth(patient, time, current.scanner, templateGrid, pose, {
    priorShiftMm: prior ? priorShiftMm : null,
    priorFromCurrent: prior ? invertAffine(misregistration) : null,
  });
  await writeFile(join(folder, 'case.json'), `${JSON.stringify(truth, null, 2)}\n`);
}

/** Simulates a patient's scan at a time point with a scanner of its own, drawn from patient and time point. */
export function acquireWith(patient: PhantomPatient, time: number, scanner: ScannerSettings): Acquisition {
  return { scanner, image: acquire(patient, time, scanner) };
}
