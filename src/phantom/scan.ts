import type { LesionChange } from '../model/lesion.js';
import { invertAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { voxelCount, type Grid, type LabelMap, type Volume } from '../imaging/volume.js';
import { acquire, placedLesions, sourceCoordinates } from './acquire.js';
import { changeBetween, sphereDiameterMm } from './lesion-history.js';
import { visitLesion } from './lesion-paint.js';
import { middleOf, type LesionKind } from './lesion.js';
import type { PhantomPatient } from './patient.js';
import type { Random } from './random.js';
import { patientFromHead, scannerGrid, type ScannerSettings } from './scanner.js';
import { sampleAlong } from './source-coordinates.js';

/** The truth about one lesion at one time point. */
export interface PhantomLesion {
  readonly id: number;
  readonly kind: LesionKind;
  /** It sits on dura and grows from there; others grow about their middle. */
  readonly onDura: boolean;
  /** Diameter of the sphere of the same volume. */
  readonly diameterMm: number;
  readonly volumeMm3: number;
  readonly priorVolumeMm3: number | null;
  readonly change: LesionChange;
  /** Signal of the enhancing part over white matter's. */
  readonly contrast: number;
  /** Head space, LPS mm. */
  readonly centreHeadMm: Vector3;
}

export interface PhantomScan {
  /** Stored values (whole numbers), on the scanner's own grid in this scan's patient coordinates. */
  readonly image: Volume;
  /** Lesion ids; a lesion too small to fill half a voxel keeps its fullest one. */
  readonly labels: LabelMap;
  readonly brainMask: LabelMap;
  readonly lesions: readonly PhantomLesion[];
  /**
   * Head space (the patient's head upright in MNI position, the same at every time point) → this scan's patient
   * coordinates, rigid. The true current-from-prior transform is `current.patientFromTemplate · prior.patientFromTemplate⁻¹`.
   */
  readonly patientFromTemplate: Affine;
}

/** The truth table of a time point. */
export function lesionTruth(patient: PhantomPatient, time: number): PhantomLesion[] {
  return patient.lesions
    .filter(({ volumesMm3 }) => volumesMm3[time] > 0)
    .map(({ id, appearance, centreMm, volumesMm3 }) => {
      const priorVolumeMm3 = time > 0 && volumesMm3[time - 1] > 0 ? volumesMm3[time - 1] : null;
      return {
        id,
        kind: appearance.kind,
        onDura: appearance.shape.outward !== null,
        diameterMm: sphereDiameterMm(volumesMm3[time]),
        volumeMm3: volumesMm3[time],
        priorVolumeMm3,
        change: changeBetween(priorVolumeMm3, volumesMm3[time], time === 0),
        contrast: appearance.signal,
        centreHeadMm: middleOf(appearance.shape, centreMm, volumesMm3[time]),
      };
    });
}

/**
 * Brain mask (0/1) of a patient on any grid.
 *
 * @param headFromPatient head space ← the grid's patient space.
 * @param wobble shifts the border smoothly by 1–2 mm, as a mask carried over from a template would be.
 */
export function brainMaskOn(patient: PhantomPatient, grid: Grid, headFromPatient: Affine, wobble?: Random): LabelMap {
  const voxels = new Uint8Array(voxelCount(grid));
  const { source } = patient;
  sampleAlong(
    sourceCoordinates(patient, grid, headFromPatient, { wobble }),
    { shape: source.image.shape, voxels: source.brain },
    (index, value) => {
      if (value >= 0.5) voxels[index] = 1;
    },
  );
  return { ...grid, voxels };
}

/** Lesion ids on any grid: voxels at least half filled, or the lesion's fullest voxels where none is. */
export function labelsOn(patient: PhantomPatient, time: number, grid: Grid, headFromPatient: Affine): LabelMap {
  const voxels = new Uint16Array(voxelCount(grid));
  for (const lesion of placedLesions(patient.lesions, time, 1)) {
    const filled: [index: number, cover: number][] = [];
    let most = 0;
    visitLesion(lesion, grid, headFromPatient, (index, cover) => {
      if (cover === 0) return;
      filled.push([index, cover]);
      most = Math.max(most, cover);
    });
    const limit = Math.min(0.5, 0.6 * most);
    for (const [index, cover] of filled) if (cover >= limit) voxels[index] = lesion.id;
  }
  return { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels };
}

/** One time point of a patient as a scanner would deliver it, with its truth on the same grid. */
export function scan(patient: PhantomPatient, time: number, scanner: ScannerSettings): PhantomScan {
  const patientFromTemplate = patientFromHead(scanner);
  const headFromPatient = invertAffine(patientFromTemplate);
  const grid = scannerGrid(scanner);
  return {
    image: acquire(patient, time, scanner),
    labels: labelsOn(patient, time, grid, headFromPatient),
    brainMask: brainMaskOn(patient, grid, headFromPatient),
    lesions: lesionTruth(patient, time),
    patientFromTemplate,
  };
}
