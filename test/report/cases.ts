import { SOPClass } from '../../src/dicom/uid.js';
import { multiplyAffine, type Affine, type Vector3 } from '../../src/imaging/affine.js';
import type { ReportPrior } from '../../src/report/report-input.js';
import { rotationAffine, sourceGrid } from '../analysis/measure/probability-maps.js';
import { voxelVolumeMm3 } from '../../src/imaging/volume.js';
import { followedUp } from './followed-up.js';
import { smallGrid, syntheticReport, type SyntheticReport } from './synthetic-report.js';

type Ball = readonly [Vector3, number];
// Off centre on every axis, so that a flip or an exchange of axes shows.
const three: Ball[] = [[[12, -6, 9], 8], [[-25, 14, -12], 5], [[-8, -20, 3], 1]]; // prettier-ignore
const one: Ball[] = [[[14, -9, 11], 7]];
const forty: Ball[] = Array.from({ length: 40 }, (_, index) => [
  [((index % 5) - 2) * 16, (Math.floor(index / 5) % 4) * 16 - 24, Math.floor(index / 20) * 20 - 10],
  1 + (index % 4),
]);

const translation = (x: number, y: number, z: number): Affine => [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1];

const prior: ReportPrior = {
  StudyInstanceUID: '2.25.111',
  SeriesInstanceUID: '2.25.222',
  frames: ['2.25.333', '2.25.334'].map((SOPInstanceUID) => ({ SOPClassUID: SOPClass.MRImageStorage, SOPInstanceUID })),
  frameOfReferenceUID: '2.25.444',
  acquiredDate: '20240130',
  registration: {
    verdict: 'accepted',
    similarity: 0.8312,
    refusal: null,
    priorFromCurrent: multiplyAffine(translation(3.25, -8.5, 12), rotationAffine(0.08, -0.05, 0.1)),
  },
};
/** The same prior, found but not used. */
export const refusedPrior: ReportPrior = {
  ...prior,
  registration: {
    ...prior.registration,
    verdict: 'refused',
    similarity: 0.12,
    refusal: { kind: 'low similarity', similarity: 0.12, minimum: 0.3 },
  },
};
export const followUp = {
  prior,
  timePoint: { order: 2, type: 'posttreatment', acquiredAt: Date.UTC(2024, 2, 12, 10, 22, 33) },
} as const;

/** Every orientation, multi-frame, anisotropic, character sets, and 0, 1, 3 and 40 lesions. */
export const cases = [
  syntheticReport({
    name: 'axial-umlauts',
    grid: smallGrid('axial'),
    balls: three,
    header: {
      PatientName: 'Jäger^Jörg Übel',
      StudyDescription: 'Schädel nativ + KM',
      ReferringPhysicianName: 'Groß^Änne',
    },
    input: followUp,
  }),
  syntheticReport({ name: 'sagittal', grid: smallGrid('sagittal'), balls: three }),
  syntheticReport({ name: 'coronal', grid: smallGrid('coronal'), balls: one, input: followUp }),
  syntheticReport({
    name: 'oblique',
    grid: smallGrid('oblique', [1.9531, 1.9531, 3]),
    balls: three,
    input: { demonstration: false },
  }),
  syntheticReport({ name: 'anisotropic', grid: sourceGrid('axial', [0.9, 1.3, 6], [101, 73, 12]), balls: one }),
  syntheticReport({
    name: 'multi-frame-japanese',
    grid: smallGrid('sagittal'),
    multiFrame: true,
    balls: three,
    header: { PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう' },
    input: followUp,
  }),
  syntheticReport({
    name: 'none',
    grid: smallGrid('axial'),
    balls: [],
    input: {
      noPriorReason: {
        kind: 'prior images unusable',
        StudyInstanceUID: '1.2.3',
        SeriesInstanceUID: '1.2.3.4',
        message: 'slices are missing',
      },
      qualityNotes: [{ kind: 'brain cut off', examinedPercent: 93 }],
      forced: true,
    },
  }),
  syntheticReport({
    name: 'prior-refused',
    grid: smallGrid('axial'),
    multiFrame: true,
    balls: one,
    header: {
      PatientBirthDate: '',
      PatientSex: '',
      AccessionNumber: '',
      StudyID: '',
      LossyImageCompression: '01',
      LossyImageCompressionRatio: '8',
      LossyImageCompressionMethod: 'ISO_15444_1',
    },
    input: {
      ...followUp,
      prior: refusedPrior,
      qualityNotes: [{ kind: 'lossy compression' }],
      predecessor: {
        SOPClassUID: SOPClass.Comprehensive3DSRStorage,
        SOPInstanceUID: '2.25.777',
        SeriesInstanceUID: '2.25.778',
        StudyInstanceUID: '2.25.779',
      },
    },
  }),
  followedUp(syntheticReport({ name: 'followed-up', grid: smallGrid('axial'), balls: three, input: followUp })),
  followedUp(syntheticReport({ name: 'all-gone-german', grid: smallGrid('axial'), balls: [], input: followUp }), {
    language: 'de',
    immunotherapy: 'no',
  }),
  syntheticReport({ name: 'forty', grid: smallGrid('oblique'), balls: forty, input: followUp }),
];

/** A case whose lesions are these voxels, given by their distance from the grid's centre. */
function shape(
  name: string,
  orientation: 'axial' | 'oblique',
  voxels: readonly (readonly Vector3[])[],
): SyntheticReport {
  const made = syntheticReport({ name, grid: smallGrid(orientation), balls: voxels.map(() => [[0, 0, 0], 1]) });
  const { labels, lesions, source } = made.input;
  const [nx, ny, nz] = labels.shape;
  labels.voxels.fill(0);
  const placed = lesions.map((lesion, index) => {
    for (const [i, j, k] of voxels[index])
      labels.voxels[(nx >> 1) + i + nx * ((ny >> 1) + j + ny * ((nz >> 1) + k))] = lesion.number;
    const voxelCount = voxels[index].length;
    return {
      ...lesion,
      voxelCount,
      volumeMm3: voxelCount * voxelVolumeMm3(source.grid),
      sourceSlice: (nz >> 1) + voxels[index][0][2],
    };
  });
  return { ...made, input: { ...made.input, lesions: placed } };
}

/** A square shell of voxels at this distance in its slice. */
const shell = (k: number, radius: number, [atI, atJ] = [0, 0]): Vector3[] =>
  Array.from({ length: (2 * radius + 1) ** 2 }, (_, index): Vector3 => [
    (index % (2 * radius + 1)) - radius,
    Math.floor(index / (2 * radius + 1)) - radius,
    k,
  ])
    .filter(([i, j]) => Math.max(Math.abs(i), Math.abs(j)) === radius)
    .map(([i, j]): Vector3 => [i + atI, j + atJ, k]);

/** A plate of voxels with a hole at every other place: a contour too long for one element. */
const sieve = (k: number): Vector3[] =>
  Array.from({ length: 49 * 43 }, (_, index): Vector3 => [(index % 49) - 24, Math.floor(index / 49) - 21, k]).filter(
    ([i, j]) => i % 2 === 0 || j % 2 === 0,
  );

/** What contours find hard: single voxels, holes, an island in a hole, pieces that touch by an edge or a corner only, raggedness. */
export const shapes = [
  shape('shapes-axial', 'axial', [
    [[12, 3, 2]],
    [...shell(0, 4), ...shell(0, 2), ...shell(1, 3)],
    [[-12, 0, 0], [-11, 1, 0], [-10, 0, 0], [-11, -1, 0], [-12, 0, 1]],
    sieve(8),
  ]),
  shape('shapes-oblique', 'oblique', [
    [[0, 9, 3]],
    [...shell(-2, 1), ...shell(-2, 1, [3, 3])],
    [[0, 0, 4], [1, 1, 5]],
  ]),
]; // prettier-ignore
