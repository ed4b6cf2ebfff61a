import { applyAffine, invertAffine, multiplyAffine, type Affine } from '../imaging/affine.js';
import { emptyVolume, type Grid, type Volume } from '../imaging/volume.js';
import { withEnhancement } from './enhancing-part.js';
import { addGhost, applyGainAndBias } from './faults.js';
import { visitLesion, type PlacedLesion } from './lesion.js';
import { addRicianNoise } from './noise.js';
import type { PhantomPatient } from './patient.js';
import { Random } from './random.js';
import { patientFromHead, type ScannerSettings } from './scanner.js';
import { layeredGrid, throughSlices } from './slice-profile.js';
import { sampleAlong, type SourceCoordinates } from './source-coordinates.js';
import { paintTubes } from './tube.js';
import { displacementAt, randomField, sourceFromHead } from './warp.js';

/** The lesions there are at a time point, as a scan's contrast timing shows them. */
export function placedLesions(patient: PhantomPatient, time: number, tissueGain: number): PlacedLesion[] {
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

/** Where each voxel of a grid lies in the source head's voxel coordinates. */
export function sourceCoordinates(
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

/** The head of one time point before any scanner's faults, signal in parts of white matter, on a grid in patient space. */
function paintHead(patient: PhantomPatient, time: number, scanner: ScannerSettings, grid: Grid): Volume {
  const headFromPatient = invertAffine(patientFromHead(scanner));
  const painted = emptyVolume(grid);
  const { voxels } = painted;
  const gain = { arterial: scanner.arterial, venous: scanner.venous, tissue: scanner.tissue };
  sampleAlong(
    sourceCoordinates(patient, grid, headFromPatient),
    { shape: patient.source.image.shape, voxels: withEnhancement(patient.tissue, patient.parts, gain) },
    (index, value) => (voxels[index] = value),
  );
  const paint = { cover: new Float32Array(voxels.length), signal: new Float32Array(voxels.length) };
  paintTubes(paint, grid, headFromPatient, patient.tubes, gain);
  for (let index = 0; index < voxels.length; index++) {
    const cover = paint.cover[index];
    if (cover > 0) voxels[index] += cover * (paint.signal[index] - voxels[index]);
  }
  for (const lesion of placedLesions(patient, time, scanner.tissue))
    visitLesion(lesion, grid, headFromPatient, (index, cover, signal, oedema) => {
      voxels[index] = cover * signal + (1 - cover) * voxels[index] * (1 - oedema);
    });
  return painted;
}

/** Acquires the image of one time point: the whole head through the scanner's slices, then the scanner's faults. */
export function acquire(patient: PhantomPatient, time: number, scanner: ScannerSettings): Volume {
  const random = new Random(`phantom scan ${patient.seed} ${time} ${scanner.seed}`);
  const image = throughSlices(paintHead(patient, time, scanner, layeredGrid(scanner)), scanner);
  const { voxels, shape } = image;
  applyGainAndBias(voxels, shape, scanner.gain, scanner.bias, random.fork('bias'));
  addGhost(voxels, shape, scanner.ghost, random.fork('ghost'));
  addRicianNoise(voxels, scanner.noise * scanner.gain, `phantom noise ${patient.seed} ${time} ${scanner.seed}`);
  for (let index = 0; index < voxels.length; index++) voxels[index] = Math.min(4095, Math.round(voxels[index]));
  return image;
}
