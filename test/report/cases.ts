import { SOPClass } from '../../src/dicom/uid.js';
import type { Vector3 } from '../../src/volume/affine.js';
import type { ReportPrior } from '../../src/report/types.js';
import { sourceGrid } from '../measure/probability-maps.js';
import { smallGrid, syntheticReport } from './synthetic-report.js';

type Ball = readonly [Vector3, number];
// Off centre on every axis, so that a flip or an exchange of axes shows.
const three: Ball[] = [[[12, -6, 9], 8], [[-25, 14, -12], 5], [[-8, -20, 3], 1]]; // prettier-ignore
const one: Ball[] = [[[14, -9, 11], 7]];
const forty: Ball[] = Array.from({ length: 40 }, (_, index) => [
  [((index % 5) - 2) * 16, (Math.floor(index / 5) % 4) * 16 - 24, Math.floor(index / 20) * 20 - 10],
  1 + (index % 4),
]);

const prior: ReportPrior = {
  StudyInstanceUID: '2.25.111',
  SeriesInstanceUID: '2.25.222',
  frames: ['2.25.333', '2.25.334'].map((SOPInstanceUID) => ({ SOPClassUID: SOPClass.MRImageStorage, SOPInstanceUID })),
  acquiredDate: '20240130',
  registration: { verdict: 'accepted', similarity: 0.8312 },
};
const followUp = {
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
      noPriorReason: 'this is the first study of the patient',
      qualityNotes: ['The field of view cuts off the vertex of the brain.'],
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
      prior: { ...prior, registration: { verdict: 'refused', similarity: 0.12, reason: 'similarity below 0.3' } },
      qualityNotes: ['The source was compressed with loss.'],
      predecessor: {
        SOPClassUID: SOPClass.Comprehensive3DSRStorage,
        SOPInstanceUID: '2.25.777',
        SeriesInstanceUID: '2.25.778',
        StudyInstanceUID: '2.25.779',
      },
    },
  }),
  syntheticReport({ name: 'forty', grid: smallGrid('oblique'), balls: forty, input: followUp }),
];
