import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../../src/dicom/dataset.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { derivedUID, SOPClass } from '../../../src/dicom/uid.js';
import type { Vector3 } from '../../../src/imaging/affine.js';

/** How a synthetic series lies and looks; every field has a default. */
export interface SyntheticSeries {
  shape?: Vector3;
  origin?: Vector3;
  rowDirection?: Vector3;
  columnDirection?: Vector3;
  /** Between columns, between rows, between slices, mm. */
  spacingMm?: Vector3;
  /** Stored value at (i, j, k). */
  value?: (i: number, j: number, k: number) => number;
  /** Further attributes of slice k. */
  attributes?: (k: number) => Dataset;
}

export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

const decimal = (value: number) => String(Number(value.toFixed(9))).slice(0, 16);

/** One data set a slice, k ascending along row × column. */
export function syntheticSlices({
  shape = [6, 5, 12],
  origin = [-10, 20, -30],
  rowDirection = [1, 0, 0],
  columnDirection = [0, 1, 0],
  spacingMm = [1.25, 1, 1.5],
  value = (i, j, k) => 1000 + i + 10 * j + 100 * k,
  attributes = () => ({}),
}: SyntheticSeries = {}): Dataset[] {
  const normal = cross(rowDirection, columnDirection);
  const [columns, rows, slices] = shape;
  return Array.from({ length: slices }, (_, k) => ({
    SpecificCharacterSet: 'ISO_IR 192',
    ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND'],
    SOPClassUID: SOPClass.MRImageStorage,
    SOPInstanceUID: derivedUID('synthetic slice', String(k)),
    Modality: 'MR',
    Manufacturer: 'Test',
    PatientName: 'Test',
    PatientID: '1',
    StudyInstanceUID: '2.25.10',
    SeriesInstanceUID: '2.25.11',
    FrameOfReferenceUID: '2.25.12',
    InstanceNumber: String(k + 1),
    ImagePositionPatient: origin.map((start, axis) => decimal(start + k * spacingMm[2] * normal[axis])),
    ImageOrientationPatient: [...rowDirection, ...columnDirection].map(decimal),
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    PixelSpacing: [decimal(spacingMm[1]), decimal(spacingMm[0])],
    SliceThickness: '7', // never to be believed
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    PixelData: Uint16Array.from({ length: rows * columns }, (_, index) =>
      value(index % columns, Math.floor(index / columns), k),
    ).buffer,
    _vrMap: { PixelData: 'OW' },
    ...attributes(k),
  }));
}

/** Writes data sets to a folder of their own; returns their paths in the same order. */
export function writeInstances(datasets: readonly Dataset[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'series-'));
  return datasets.map((dataset, index) => {
    const path = join(folder, `${index}.dcm`);
    writeFileSync(path, writeFile(dataset));
    return path;
  });
}

/** Functional groups of one frame. */
export type Groups = Record<string, Dataset[]>;

/** The same slices as one Enhanced MR instance; `groups` adds to or replaces frame k's functional groups. */
export function enhancedInstance(
  slices: readonly Dataset[],
  groups: (k: number) => Groups = () => ({}),
  shared: Groups = {},
): Dataset {
  const {
    ImagePositionPatient: _position,
    ImageOrientationPatient: _orientation,
    PixelSpacing: _spacing,
    SliceThickness: _thickness,
    ...common
  } = slices[0];
  void [_position, _orientation, _spacing, _thickness];
  const pixels = Buffer.concat(slices.map(({ PixelData }) => new Uint8Array(PixelData as ArrayBuffer)));
  return {
    ...common,
    SOPClassUID: SOPClass.EnhancedMRImageStorage,
    SOPInstanceUID: '2.25.13',
    NumberOfFrames: String(slices.length),
    SharedFunctionalGroupsSequence: [
      {
        PixelMeasuresSequence: [{ PixelSpacing: slices[0]['PixelSpacing'], SliceThickness: '7' }],
        PlaneOrientationSequence: [{ ImageOrientationPatient: slices[0]['ImageOrientationPatient'] }],
        ...shared,
      },
    ],
    PerFrameFunctionalGroupsSequence: slices.map((slice, k) => ({
      PlanePositionSequence: [{ ImagePositionPatient: slice['ImagePositionPatient'] }],
      FrameContentSequence: [{ StackID: '1', InStackPositionNumber: k + 1, TemporalPositionIndex: 1 }],
      ...groups(k),
    })),
    PixelData: pixels.buffer.slice(pixels.byteOffset, pixels.byteOffset + pixels.byteLength),
  };
}
