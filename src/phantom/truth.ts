import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { writeNifti } from '../imaging/nifti.js';
import type { Grid } from '../imaging/volume.js';
import { middleOf } from './lesion.js';
import type { OtherKind } from './other-findings.js';
import { phantomName, type PhantomPatient } from './patient.js';
import { lesionTruth, type PhantomLesion, type PhantomScan } from './scan.js';
import { patientFromHead, type ScannerSettings } from './scanner.js';

/** Where a time point's prior truly lies. */
interface PriorTruth {
  /** How far a training case's prior is misregistered; null for a first scan. */
  readonly priorShiftMm?: number | null;
  /**
   * Rigid, LPS mm: takes a point of the current image's patient coordinates to where the same spot of the head lies in the
   * prior's. Resampled through it the prior lies on the current image; its inverse takes points of the prior to the current.
   * Null for a first scan.
   */
  readonly priorFromCurrent: Affine | null;
}

/** What is true of a time point beside its images: the JSON file of every format of phantoms. */
export interface PhantomTruth extends PriorTruth {
  readonly seed: number;
  /** The label map the head was made from (`anatomies.ts`); null for a head made from an image. */
  readonly anatomy: string | null;
  /** PatientID, and the name of the patient's folder. */
  readonly patient: string;
  /** 0 is the first scan. */
  readonly timePoint: number;
  /** Days since the first scan. */
  readonly day: number;
  readonly hasPrior: boolean;
  /** The lesions there are; `centroidVoxel` is [i, j, k] on the label's grid. */
  readonly lesions: readonly (Omit<PhantomLesion, 'centreHeadMm'> & { readonly centroidVoxel: Vector3 })[];
  /** What is there and is no metastasis. */
  readonly others: readonly { readonly kind: OtherKind; readonly volumeMm3: number; readonly centroidVoxel: Vector3 }[];
  /** Lesions of the scan before that are there no more. */
  readonly goneLesionIds: readonly number[];
  readonly scanner: ScannerSettings;
}

/**
 * The truth about one time point.
 *
 * @param grid the label's.
 * @param headFromPatient head space ← the grid's patient space, LPS mm.
 */
export function phantomTruth(
  patient: PhantomPatient,
  time: number,
  scanner: ScannerSettings,
  { patientFromVoxel }: Grid,
  headFromPatient: Affine,
  prior: PriorTruth,
): PhantomTruth {
  const voxelFromHead = invertAffine(multiplyAffine(headFromPatient, patientFromVoxel));
  return {
    seed: patient.seed,
    anatomy: patient.source.anatomy,
    patient: phantomName(patient.seed),
    timePoint: time,
    day: patient.days[time],
    hasPrior: prior.priorFromCurrent !== null,
    ...prior,
    lesions: lesionTruth(patient, time).map(({ centreHeadMm, ...lesion }) => ({
      ...lesion,
      centroidVoxel: applyAffine(voxelFromHead, centreHeadMm),
    })),
    others: patient.others
      .filter(({ volumesMm3 }) => volumesMm3[time] > 0)
      .map(({ kind, appearance, centreMm, volumesMm3 }) => ({
        kind,
        volumeMm3: volumesMm3[time],
        centroidVoxel: applyAffine(voxelFromHead, middleOf(appearance.shape, centreMm, volumesMm3[time])),
      })),
    goneLesionIds: patient.lesions
      .filter(({ volumesMm3 }) => time > 0 && volumesMm3[time] === 0 && volumesMm3[time - 1] > 0)
      .map(({ id }) => id),
    scanner,
  };
}

/**
 * Writes the truth about a scan on its own grid, beside the scan: `label.nii.gz` (lesion ids), `mask.nii.gz` (brain) and
 * `truth.json`, in which `priorFromCurrent` is between both scans' patient coordinates, those of their DICOM series.
 *
 * @param priorScanner what the time point before was scanned with; null for a first scan.
 */
export async function writeTruth(
  folder: string,
  patient: PhantomPatient,
  time: number,
  scanner: ScannerSettings,
  { labels, brainMask, patientFromTemplate }: PhantomScan,
  priorScanner: ScannerSettings | null,
): Promise<void> {
  const headFromPatient = invertAffine(patientFromTemplate);
  const priorFromCurrent = priorScanner && multiplyAffine(patientFromHead(priorScanner), headFromPatient);
  const truth = phantomTruth(patient, time, scanner, labels, headFromPatient, { priorFromCurrent });
  await writeNifti(join(folder, 'label.nii.gz'), labels);
  await writeNifti(join(folder, 'mask.nii.gz'), brainMask);
  await writeFile(join(folder, 'truth.json'), `${JSON.stringify({ ...truth, patientFromTemplate }, null, 2)}\n`);
}
