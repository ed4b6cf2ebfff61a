import type { LesionChange } from '../model/lesion.js';
import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { voxelCount, type Grid, type LabelMap, type Volume } from '../imaging/volume.js';
import { changeBetween, sphereDiameterMm } from './lesion-history.js';
import { visitLesion, type LesionKind, type PlacedLesion } from './lesion.js';
import { addRicianNoise } from './noise.js';
import type { PhantomPatient } from './patient.js';
import { Random } from './random.js';
import { patientFromHead, scannerGrid, type ScannerSettings } from './scanner.js';
import { paintTubes } from './tube.js';
import { displacementAt, randomField, sourceFromHead } from './warp.js';
import { sampleAlong, type SourceCoordinates } from './source-coordinates.js';

/** The truth about one lesion at one time point. */
export interface PhantomLesion {
  readonly id: number;
  readonly kind: LesionKind;
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

/** The lesions there are at a time point, as the scanner's contrast timing shows them. */
function placedLesions(patient: PhantomPatient, time: number, tissueGain: number): PlacedLesion[] {
  return patient.lesions
    .filter(({ volumesMm3 }) => volumesMm3[time] > 0)
    .map(({ id, appearance, centreMm, volumesMm3 }) => ({
      ...appearance,
      id,
      centreMm,
      volumeMm3: volumesMm3[time],
      signal: 1 + (appearance.signal - 1) * tissueGain,
    }));
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
        diameterMm: sphereDiameterMm(volumesMm3[time]),
        volumeMm3: volumesMm3[time],
        priorVolumeMm3,
        change: changeBetween(priorVolumeMm3, volumesMm3[time], time === 0),
        contrast: appearance.signal,
        centreHeadMm: centreMm,
      };
    });
}

/** Where each voxel of a grid lies in the source head's voxel coordinates. */
function sourceCoordinates(
  patient: PhantomPatient,
  grid: Grid,
  headFromPatient: Affine,
  wobble?: Random,
): SourceCoordinates {
  const headFromVoxel = multiplyAffine(headFromPatient, grid.patientFromVoxel);
  const extra = wobble && randomField(wobble, [[24, 1]]);
  return {
    shape: grid.shape,
    at: (voxel) => {
      const head = applyAffine(headFromVoxel, voxel);
      const source = sourceFromHead(patient.shape, head);
      const [dx, dy, dz] = extra ? displacementAt(extra, head) : [0, 0, 0];
      return applyAffine(patient.source.voxelFromSource, [source[0] + dx, source[1] + dy, source[2] + dz]);
    },
  };
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
    sourceCoordinates(patient, grid, headFromPatient, wobble),
    source.brain,
    source.image.shape,
    (index, value) => {
      if (value >= 0.5) voxels[index] = 1;
    },
  );
  return { ...grid, voxels };
}

/** Lesion ids on any grid: voxels at least half filled, or the lesion's fullest voxels where none is. */
export function labelsOn(patient: PhantomPatient, time: number, grid: Grid, headFromPatient: Affine): LabelMap {
  const voxels = new Uint16Array(voxelCount(grid));
  for (const lesion of placedLesions(patient, time, 1)) {
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

/** The smooth bias field's logarithm is a random quadratic over the field of view. */
function applyGainAndBias(
  voxels: Float32Array,
  [nx, ny, nz]: Vector3,
  gain: number,
  bias: number,
  random: Random,
): void {
  const c = Array.from({ length: 9 }, () => random.normal(0, bias));
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (voxels[index] === 0) continue;
        const x = (2 * i) / nx - 1, y = (2 * j) / ny - 1, z = (2 * k) / nz - 1; // prettier-ignore
        const linear = c[0] * x + c[1] * y + c[2] * z;
        const square = c[3] * x * x + c[4] * y * y + c[5] * z * z + c[6] * x * y + c[7] * x * z + c[8] * y * z;
        voxels[index] *= gain * Math.exp(linear + square);
      }
}

/** A faint copy shifted by half the field of view along the rows' direction, and one near by, as motion leaves them. */
function addGhost(voxels: Float32Array, [nx, ny, nz]: Vector3, strength: number, random: Random): void {
  const near = 5 + random.integer(14);
  const half = ny >> 1;
  const slice = new Float32Array(nx * ny);
  for (let k = 0; k < nz; k++) {
    const start = nx * ny * k;
    slice.set(voxels.subarray(start, start + nx * ny));
    for (let j = 0; j < ny; j++) {
      const opposite = nx * ((j + half) % ny);
      const beside = nx * ((j + near) % ny);
      const row = start + nx * j;
      for (let i = 0; i < nx; i++) voxels[row + i] += strength * (slice[opposite + i] + 0.7 * slice[beside + i]);
    }
  }
}

/** Acquires the image of one time point: anatomy, vessels and lesions on the scanner's grid, then the scanner's faults. */
export function acquire(patient: PhantomPatient, time: number, scanner: ScannerSettings): Volume {
  const grid = scannerGrid(scanner);
  const headFromPatient = invertAffine(patientFromHead(scanner));
  const random = new Random(`phantom scan ${patient.seed} ${time} ${scanner.seed}`);
  const count = voxelCount(grid);
  const voxels = new Float32Array(count);
  const { source } = patient;

  // A thick slice is the mean of several thin ones.
  const layers = Math.max(1, Math.round(scanner.spacingMm[2] / 0.8));
  for (let layer = 0; layer < layers; layer++) {
    const shift = (layer + 0.5) / layers - 0.5;
    const coordinates = sourceCoordinates(patient, grid, headFromPatient);
    const shifted = { ...coordinates, at: ([i, j, k]: Vector3) => coordinates.at([i, j, k + shift]) };
    sampleAlong(shifted, patient.tissue, source.image.shape, (index, value) => (voxels[index] += value / layers));
  }

  const gain = { arterial: scanner.arterial, venous: scanner.venous, tissue: scanner.tissue };
  const paint = { cover: new Float32Array(count), signal: new Float32Array(count) };
  paintTubes(paint, grid, headFromPatient, patient.tubes, gain);
  for (let index = 0; index < count; index++) {
    const cover = paint.cover[index];
    if (cover > 0) voxels[index] += cover * (paint.signal[index] - voxels[index]);
  }
  for (const lesion of placedLesions(patient, time, scanner.tissue))
    visitLesion(lesion, grid, headFromPatient, (index, cover, signal, oedema) => {
      voxels[index] = cover * signal + (1 - cover) * voxels[index] * (1 - oedema);
    });

  applyGainAndBias(voxels, grid.shape, scanner.gain, scanner.bias, random.fork('bias'));
  addGhost(voxels, grid.shape, scanner.ghost, random.fork('ghost'));
  addRicianNoise(voxels, scanner.noise * scanner.gain, `phantom noise ${patient.seed} ${time} ${scanner.seed}`);
  for (let index = 0; index < count; index++) voxels[index] = Math.min(4095, Math.round(voxels[index]));
  return { ...grid, voxels };
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
