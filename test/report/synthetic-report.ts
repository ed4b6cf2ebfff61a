import type { Dataset } from '../../src/dicom/dataset.js';
import { parseFile, writeFile } from '../../src/dicom/dicom-file.js';
import { derivedUID, SOPClass } from '../../src/dicom/uid.js';
import { applyAffine, invertAffine, type Vector3 } from '../../src/imaging/affine.js';
import type { Confidence, LesionChange, TrackedLesion } from '../../src/model/lesion.js';
import { emptyVolume, spacingMm, voxelVolumeMm3, type Grid } from '../../src/imaging/volume.js';
import type { ReportInput, SourceFrame } from '../../src/report/report-input.js';
import { sourceGrid } from '../analysis/measure/probability-maps.js';

export interface Case {
  readonly name: string;
  readonly grid: Grid;
  readonly multiFrame?: boolean;
  readonly header?: Dataset;
  /** Centres and radii, patient mm. */
  readonly balls: readonly (readonly [Vector3, number])[];
  readonly input?: Partial<ReportInput>;
}

/** A report's input with the source's own files, as a scanner would have written them. */
export interface SyntheticReport {
  readonly name: string;
  readonly input: ReportInput;
  readonly sourceFiles: readonly Buffer[];
}

export const smallGrid = (orientation: Parameters<typeof sourceGrid>[0], spacing: Vector3 = [2, 2, 3]): Grid =>
  sourceGrid(orientation, spacing, [52, 46, 24]);

const models: ReportInput['models'] = [
  { name: 'm-sens', version: '1.0.0', sha256: 'a1'.repeat(32), role: 'sensitivity', use: 'Trained on synthetic patients.' },
  { name: 'm-spec', version: '1.0.0', sha256: 'b2'.repeat(32), role: 'specificity', use: 'Trained on synthetic patients.' },
]; // prettier-ignore

/** Images whose grey values rise along i, on the case's own grid. */
export function imagesOf({ source, prior, labels }: ReportInput) {
  const current = emptyVolume(source.grid);
  current.voxels.forEach((_, index) => (current.voxels[index] = 100 + (index % source.grid.shape[0])));
  return { prior: prior?.registration.verdict === 'accepted' ? current : null, current, labels };
}

export function syntheticReport({
  name,
  grid,
  multiFrame = false,
  header = {},
  balls,
  input = {},
}: Case): SyntheticReport {
  const uid = (...parts: string[]) => derivedUID('test', name, ...parts);
  const common = commonHeader(name, grid, uid, header);
  const voxels = new Uint16Array(grid.shape[0] * grid.shape[1] * grid.shape[2]);
  const lesions = balls.map(([centre, radiusMm], index) => ball(grid, voxels, index + 1, centre, radiusMm, uid));
  const files = multiFrame ? [enhanced(common, grid, uid)] : singleFrames(common, grid, voxels, uid);
  const parsed = parseFile(files[0], { stopAtPixelData: true }).dataset;
  const frames: SourceFrame[] = Array.from({ length: grid.shape[2] }, (_, k) =>
    multiFrame
      ? { SOPClassUID: SOPClass.EnhancedMRImageStorage, SOPInstanceUID: uid('enhanced'), frameNumber: k + 1, k }
      : { SOPClassUID: SOPClass.MRImageStorage, SOPInstanceUID: uid('slice', String(k)), k },
  );
  return {
    name,
    sourceFiles: files,
    input: {
      source: { header: parsed, frames, grid },
      lesions,
      labels: { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels },
      gone: [],
      response: null,
      prior: null,
      noPriorReason: null,
      models,
      timePoint: { order: 1, type: 'baseline', acquiredAt: Date.UTC(2024, 2, 12, 10, 22, 33) },
      software: { name: 'Priora', version: '0.1.0' },
      language: 'en',
      demonstration: true,
      qualityNotes: [],
      ...input,
    },
  };
}

function ball(
  grid: Grid,
  voxels: Uint16Array,
  number: number,
  centre: Vector3,
  radiusMm: number,
  uid: (...parts: string[]) => string,
): TrackedLesion {
  const [nx, ny, nz] = grid.shape;
  const nearest = applyAffine(invertAffine(grid.patientFromVoxel), centre).map(Math.round);
  let voxelCount = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        const p = applyAffine(grid.patientFromVoxel, [i, j, k]);
        const inside = Math.hypot(p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]) <= radiusMm;
        if (!inside && !(i === nearest[0] && j === nearest[1] && k === nearest[2])) continue;
        voxels[i + nx * (j + ny * k)] = number;
        voxelCount++;
      }
  const [x, y, z] = centre;
  const changes: LesionChange[] = ['baseline', 'new', 'grown', 'stable', 'shrunk'];
  const confidence: Confidence = number % 3 === 0 ? 'candidate' : 'confirmed';
  return {
    number,
    confidence,
    voxelCount,
    volumeMm3: voxelCount * voxelVolumeMm3(grid),
    longAxisMm: 2 * radiusMm,
    shortAxisMm: 2 * radiusMm,
    longAxis: [[x - radiusMm, y, z], [x + radiusMm, y, z]], // prettier-ignore
    shortAxis: [[x, y - radiusMm, z], [x, y + radiusMm, z]], // prettier-ignore
    axialPlaneMm: z,
    axialSlices: Math.max(Math.floor((2 * radiusMm) / spacingMm(grid)[2]), 1),
    sourceSlice: nearest[2],
    maximum3dDiameterMm: 2 * radiusMm,
    centroidPatientMm: centre,
    peakPatientMm: centre,
    probability: 0.875,
    probabilities: { sensitivity: 0.875, specificity: confidence === 'confirmed' ? 0.7 : 0.1 },
    trackingUID: uid('lesion', String(number)),
    trackingID: `Lesion ${number}`,
    change: changes[number % 5],
    site: null,
    history: [],
    sincePrior: null,
    sinceBaseline: null,
    mergedFrom: [],
    splitFrom: null,
  };
}

function commonHeader(name: string, grid: Grid, uid: (...parts: string[]) => string, overrides: Dataset): Dataset {
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    PatientName: 'Muster^Person',
    PatientID: `P-${name}`.slice(0, 64),
    PatientBirthDate: '19500101',
    PatientSex: 'F',
    StudyInstanceUID: uid('study'),
    StudyDate: '20240312',
    StudyTime: '101500',
    ReferringPhysicianName: '',
    StudyID: '1',
    AccessionNumber: 'A1',
    SeriesInstanceUID: uid('series'),
    SeriesNumber: '4',
    SeriesDescription: 't1 mprage tra KM',
    Modality: 'MR',
    FrameOfReferenceUID: uid('frame'),
    PositionReferenceIndicator: '',
    AcquisitionDate: '20240312',
    AcquisitionTime: '102233.5',
    Manufacturer: 'Scanner Works',
    ManufacturerModelName: 'Tesla 3',
    DeviceSerialNumber: '1',
    SoftwareVersions: '1',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: grid.shape[1],
    Columns: grid.shape[0],
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    ...overrides,
  };
}

const decimal = (value: number): string => String(Number(value.toFixed(8)));

function geometry({ patientFromVoxel: m, ...grid }: Grid) {
  const [column, row, slice] = spacingMm({ ...grid, patientFromVoxel: m });
  const measures = {
    SliceThickness: decimal(slice),
    SpacingBetweenSlices: decimal(slice),
    PixelSpacing: [decimal(row), decimal(column)],
  };
  const ImageOrientationPatient = [m[0], m[4], m[8], m[1], m[5], m[9]].map((value, index) =>
    decimal(value / (index < 3 ? column : row)),
  );
  return { measures, ImageOrientationPatient };
}

/** Slices that brighten from the first to the last, with bright lesions. */
function singleFrames(common: Dataset, grid: Grid, labels: Uint16Array, uid: (...parts: string[]) => string): Buffer[] {
  const { measures, ImageOrientationPatient } = geometry(grid);
  const area = grid.shape[0] * grid.shape[1];
  return Array.from({ length: grid.shape[2] }, (_, k) =>
    writeFile({
      ...common,
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: uid('slice', String(k)),
      InstanceNumber: String(k + 1),
      ImageType: ['ORIGINAL', 'PRIMARY', 'M'],
      ScanningSequence: 'GR',
      SequenceVariant: 'SP',
      WindowCenter: '500',
      WindowWidth: '1000',
      ScanOptions: '',
      MRAcquisitionType: '3D',
      EchoTime: '3',
      RepetitionTime: '2000',
      EchoTrainLength: '1',
      ...measures,
      ImageOrientationPatient,
      ImagePositionPatient: applyAffine(grid.patientFromVoxel, [0, 0, k]).map(decimal),
      PixelData: labels.slice(k * area, (k + 1) * area).map((label) => (label ? 900 : 100 + k)).buffer,
      _vrMap: { PixelData: 'OW' },
    }),
  );
}

/** The parts of an Enhanced MR image that our own objects look at; no full Enhanced MR IOD. */
function enhanced(common: Dataset, grid: Grid, uid: (...parts: string[]) => string): Buffer {
  const { measures, ImageOrientationPatient } = geometry(grid);
  return writeFile({
    ...common,
    SOPClassUID: SOPClass.EnhancedMRImageStorage,
    SOPInstanceUID: uid('enhanced'),
    InstanceNumber: '1',
    AcquisitionDateTime: '20240312102233.500000',
    ContentDate: '20240312',
    ContentTime: '102300',
    NumberOfFrames: String(grid.shape[2]),
    SharedFunctionalGroupsSequence: [
      { PixelMeasuresSequence: [measures], PlaneOrientationSequence: [{ ImageOrientationPatient }] },
    ],
    PerFrameFunctionalGroupsSequence: Array.from({ length: grid.shape[2] }, (_, k) => ({
      PlanePositionSequence: [{ ImagePositionPatient: applyAffine(grid.patientFromVoxel, [0, 0, k]).map(decimal) }],
    })),
    PixelData: new Uint16Array(grid.shape[0] * grid.shape[1] * grid.shape[2]).buffer,
    _vrMap: { PixelData: 'OW' },
  });
}
