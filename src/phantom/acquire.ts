import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { emptyVolume, type Grid, type Volume } from '../imaging/volume.js';
import { withEnhancement } from './enhancing-part.js';
import { addGhost, applyGainAndBias } from './faults.js';
import { visitLesion } from './lesion-paint.js';
import type { LesionAppearance, PlacedLesion } from './lesion.js';
import { afterPushes, beforePushes, pushesOf } from './mass-effect.js';
import { addRicianNoise } from './noise.js';
import type { PhantomPatient } from './patient.js';
import { Random } from './random.js';
import { patientFromHead, type ScannerSettings } from './scanner.js';
import { layeredGrid, throughSlices } from './slice-profile.js';
import { sampleAlong, type SourceCoordinates } from './source-coordinates.js';
import { paintTubes } from './tube.js';
import { displacementAt, randomField, sourceFromHead } from './warp.js';

/** What may be there at a time point: a metastasis or another finding. */
interface Course {
  readonly appearance: LesionAppearance;
  readonly centreMm: Vector3;
  readonly volumesMm3: readonly number[];
}

/** What there is of `courses` at a time point, as a scan's contrast timing shows it; ids count from 1 where there are none. */
export function placedLesions(
  courses: readonly (Course & { readonly id?: number })[],
  time: number,
  tissueGain: number,
): PlacedLesion[] {
  return courses
    .map(({ id, appearance, centreMm, volumesMm3 }, index) => ({
      ...appearance,
      id: id ?? index + 1,
      centreMm,
      volumeMm3: volumesMm3[time],
      signal: 1 + (appearance.signal - 1) * tissueGain,
    }))
    .filter(({ volumeMm3 }) => volumeMm3 > 0);
}

/** Where each voxel of a grid lies in the source head's voxel coordinates. */
export function sourceCoordinates(
  patient: PhantomPatient,
  grid: Grid,
  headFromPatient: Affine,
  { wobble, pushes = [] }: { readonly wobble?: Random | undefined; readonly pushes?: ReturnType<typeof pushesOf> } = {},
): SourceCoordinates {
  const headFromVoxel = multiplyAffine(headFromPatient, grid.patientFromVoxel);
  const extra = wobble && randomField(wobble, [[24, 1]]);
  return {
    shape: grid.shape,
    at: (voxel) => {
      const head = applyAffine(headFromVoxel, voxel);
      const source = sourceFromHead(patient.shape, beforePushes(pushes, head));
      const [dx, dy, dz] = extra ? displacementAt(extra, head) : [0, 0, 0];
      return applyAffine(patient.source.voxelFromSource, [source[0] + dx, source[1] + dy, source[2] + dz]);
    },
  };
}

/** Only white matter swells: grey matter and fluid lose no signal to oedema. */
const whiteness = (signal: number) => Math.min(1, Math.max(0, (signal - 0.78) / 0.15));

/** The head of one time point before any scanner's faults, signal in parts of white matter, on a grid in patient space. */
function paintHead(patient: PhantomPatient, time: number, scanner: ScannerSettings, grid: Grid): Volume {
  const headFromPatient = invertAffine(patientFromHead(scanner));
  const painted = emptyVolume(grid);
  const { voxels } = painted;
  const gain = { arterial: scanner.arterial, venous: scanner.venous, tissue: scanner.tissue, none: 1 };
  const lesions = [patient.others, patient.lesions].flatMap((list) => placedLesions(list, time, scanner.tissue));
  const pushes = pushesOf(lesions);
  sampleAlong(
    sourceCoordinates(patient, grid, headFromPatient, { pushes }),
    { shape: patient.source.image.shape, voxels: withEnhancement(patient.tissue, patient.parts, gain) },
    (index, value) => (voxels[index] = value),
  );
  const tubes = patient.tubes.map((tube) => ({
    ...tube,
    from: afterPushes(pushes, tube.from),
    to: afterPushes(pushes, tube.to),
  }));
  const paint = { cover: new Float32Array(voxels.length), signal: new Float32Array(voxels.length) };
  paintTubes(paint, grid, headFromPatient, tubes, gain);
  for (let index = 0; index < voxels.length; index++) {
    const cover = paint.cover[index];
    if (cover > 0) voxels[index] += cover * (paint.signal[index] - voxels[index]);
  }
  for (const lesion of lesions)
    visitLesion(lesion, grid, headFromPatient, (index, cover, signal, oedema) => {
      const around = voxels[index] * (1 - oedema * whiteness(voxels[index]));
      voxels[index] = cover * signal + (1 - cover) * around;
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
  addRicianNoise(
    image,
    { deviation: scanner.noise * scanner.gain, correlation: scanner.noiseCorrelation },
    `phantom noise ${patient.seed} ${time} ${scanner.seed}`,
  );
  for (let index = 0; index < voxels.length; index++) voxels[index] = Math.min(4095, Math.round(voxels[index]));
  return image;
}
