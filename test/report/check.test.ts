import { describe, expect, test } from 'vitest';
import { asPrioraError } from '../../src/core/errors.js';
import { codeIn } from '../../src/dicom/code.js';
import { firstItem, items, type Dataset } from '../../src/dicom/dataset.js';
import { parseFile } from '../../src/dicom/dicom-file.js';
import { checkOutput } from '../../src/report/check/output.js';
import { decimalString } from '../../src/report/decimal-string.js';
import { cases } from './cases.js';
import { imagesOf } from './synthetic-report.js';
import { writeEncapsulatedPdf } from '../../src/report/pdf/write.js';
import { writeKeyImages } from '../../src/report/kos/write.js';
import { writeLabelMap, writeSegmentation } from '../../src/report/seg/write.js';
import { writeReport } from '../../src/report/sr/write.js';
import { writeSpatialRegistration } from '../../src/report/reg/write.js';
import { writeStructureSet } from '../../src/report/rtstruct/write.js';

const { input } = cases.find(({ name }) => name === 'coronal')!;
const segmentation = writeSegmentation(input);
/** What was written, read back; bulk data come as a list of one. */
const read = (bytes: Buffer): Dataset => {
  const { dataset } = parseFile(bytes);
  const bulk = ['PixelData', 'EncapsulatedDocument'].filter((keyword) => keyword in dataset);
  return {
    ...dataset,
    ...Object.fromEntries(bulk.map((keyword) => [keyword, (dataset[keyword] as ArrayBuffer[])[0]])),
  };
};
const seg = read(segmentation.bytes);
const sr = read(writeReport(input, segmentation).bytes);
const labelMap = read(writeLabelMap(input).bytes);
const contours = read(writeStructureSet(input).bytes);
const registration = read(writeSpatialRegistration(input).bytes);
const keyImages = read(writeKeyImages(input).bytes);
const pdf = read(writeEncapsulatedPdf(input, imagesOf(input)).bytes);

/** A copy in which one value, given by its path, is another. */
function changed(item: Dataset, [step, ...rest]: readonly (string | number)[], value: unknown): Dataset {
  const copy = (Array.isArray(item) ? [...(item as unknown[])] : { ...item }) as Dataset;
  copy[step] = rest.length === 0 ? value : changed(item[step] as Dataset, rest, value);
  return copy;
}
const first = (dataset: Dataset, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((item, step) => (item as Dataset)[step], dataset);

const breach = (dataset: Dataset): string => {
  try {
    checkOutput(dataset);
  } catch (error) {
    expect(asPrioraError(error).code).toBe('DICOM_INVALID_OUTPUT');
    return (error as Error).message;
  }
  return '';
};

describe('checkOutput', () => {
  test('passes what we wrote, read back', () => {
    for (const object of [seg, sr, labelMap, contours, registration, keyImages, pdf]) expect(breach(object)).toBe('');
  });

  test.each<[string, Dataset, string]>([
    ['a missing type 1 attribute', { ...seg, FrameOfReferenceUID: undefined }, 'FrameOfReferenceUID is missing'],
    ['an empty type 1 attribute', { ...seg, ContentDate: '' }, 'ContentDate is missing'],
    [
      'a missing type 2 attribute',
      Object.fromEntries(Object.entries(seg).filter(([keyword]) => keyword !== 'PatientID')),
      'PatientID is missing',
    ],
    [
      'an over-long LO',
      { ...seg, SeriesDescription: 'x'.repeat(65) },
      'SeriesDescription is no valid LO (65 characters)',
    ],
    ['an over-long SH', { ...seg, AccessionNumber: 'x'.repeat(17) }, 'AccessionNumber is no valid SH'],
    ['a CS in lower case', { ...seg, ContentLabel: 'metastases' }, 'ContentLabel is no valid CS'],
    ['a backslash in text', { ...seg, SeriesDescription: 'a\\b' }, 'SeriesDescription is no valid LO'],
    ['a control character', { ...seg, PatientID: 'a\u0007' }, 'PatientID is no valid LO'],
    [
      'a UID of 65 characters',
      { ...seg, StudyInstanceUID: `2.25.${'1'.repeat(60)}` },
      'StudyInstanceUID is no valid UI',
    ],
    ['a UID with a letter', { ...seg, StudyInstanceUID: '1.2a' }, 'StudyInstanceUID is no valid UI'],
    ['a name group too long', { ...seg, PatientName: 'x'.repeat(65) }, 'PatientName is no valid PN'],
    ['two patients in one identifier', { ...seg, PatientID: ['AB', 'CD'] }, 'PatientID has 2 values'],
    ['the same, as it was received', { ...seg, PatientID: 'AB\\CD' }, 'PatientID is no valid LO'],
    ['two names', { ...seg, PatientName: [{ Alphabetic: 'A' }, { Alphabetic: 'B' }] }, 'PatientName has 2 values'],
    [
      'half an orientation',
      changed(
        seg,
        ['SharedFunctionalGroupsSequence', 0, 'PlaneOrientationSequence', 0, 'ImageOrientationPatient'],
        ['1', '0', '0'],
      ),
      'ImageOrientationPatient has 3 values',
    ],
    [
      'two and a half points',
      changed(contours, ['ROIContourSequence', 0, 'ContourSequence', 0, 'ContourData'], Array(10).fill('1')),
      'ContourData has 10 values',
    ],
    ['a word that is no keyword', { ...seg, patientName: 'x' }, 'patientName is no DICOM keyword'],
    [
      'pixels that do not fill the frames',
      { ...seg, PixelData: new ArrayBuffer(10) },
      'PixelData has 10 bytes instead of',
    ],
    ['frames without a description', { ...seg, NumberOfFrames: 1 }, 'per-frame groups for 1 frames'],
    [
      'an incomplete code',
      { ...sr, ConceptNameCodeSequence: [{ CodeValue: '126000', CodingSchemeDesignator: 'DCM' }] },
      'ConceptNameCodeSequence lacks CodeMeaning',
    ],
    [
      'a content item without its value',
      { ...sr, ContentSequence: [{ RelationshipType: 'CONTAINS', ValueType: 'TEXT' }] },
      'ContentSequence[0].TextValue is missing in a TEXT',
    ],
  ])('refuses %s', (_name, dataset, message) => {
    expect(breach(dataset)).toContain(message);
  });

  const pixels = (dataset: Dataset, fill: number) =>
    new Uint8Array((dataset['PixelData'] as ArrayBuffer).byteLength).fill(fill).buffer;
  const contour = ['ROIContourSequence', 0, 'ContourSequence', 0] as const;
  const points = (first(contours, ...contour, 'ContourData') as string[]).map(Number);
  const matrix = [
    'RegistrationSequence',
    1,
    'MatrixRegistrationSequence',
    0,
    'MatrixSequence',
    0,
    'FrameOfReferenceTransformationMatrix',
  ] as const;
  const conceptOf = (item: Dataset) => codeIn(item, 'ConceptNameCodeSequence')?.value;
  const group = items(sr, 'ContentSequence').findIndex((item) => conceptOf(item) === '126010');
  const lesion = items(items(sr, 'ContentSequence')[group], 'ContentSequence').findIndex(
    (item) => conceptOf(item) === '125007',
  );
  const rows = ['ContentSequence', group, 'ContentSequence', lesion, 'ContentSequence'] as const;
  const without = (concept: string) => (first(sr, ...rows) as Dataset[]).filter((row) => conceptOf(row) !== concept);

  test.each<[string, Dataset, string]>([
    ['a class that is none of ours', { ...seg, SOPClassUID: '1.2.840.10008.5.1.4.1.1.4' }, 'is none of ours'],
    ['a segment that no frame shows', changed(seg, ['SegmentSequence', 1], { ...firstItem(seg, 'SegmentSequence'), SegmentNumber: 2, TrackingUID: '1.2' }), 'segment 2 has no frame'],
    ['a frame that shows nothing', { ...seg, PixelData: pixels(seg, 0) }, 'frame 1 is empty'],
    ['two segments of one lesion', { ...seg, SegmentSequence: [firstItem(seg, 'SegmentSequence'), { ...firstItem(seg, 'SegmentSequence'), SegmentNumber: 2 }] }, 'two segments share a TrackingUID'],
    ['a segment without identity', changed(seg, ['SegmentSequence', 0, 'TrackingUID'], undefined), 'segment 1 lacks TrackingUID'],
    ['a label that is no segment', { ...labelMap, PixelData: pixels(labelMap, 9) }, 'pixel value 9 is no segment'],
    ['a segment without a label', { ...labelMap, PixelData: pixels(labelMap, 0) }, 'segment 1 has no pixel'],
    ['a label map without background', { ...labelMap, PixelPaddingValue: undefined }, 'PixelPaddingValue is missing'],
    ['an open contour', changed(contours, [...contour, 'ContourGeometricType'], 'OPEN_PLANAR'), 'is not closed'],
    ['a contour that encloses nothing', changed(contours, [...contour, 'ContourData'], points.map(() => 1)), 'encloses nothing'],
    ['a contour bent out of its plane', changed(contours, [...contour, 'ContourData'], points.map((value, index) => (index < 3 ? value + 1 : value))), 'does not lie in a plane'],
    ['a contour short of a point', changed(contours, [...contour, 'ContourData'], points.slice(3)), 'coordinates for'],
    ['a contour on a foreign image', changed(contours, [...contour, 'ContourImageSequence', 0, 'ReferencedSOPInstanceUID'], '1.2'), 'lies on an image that is not referenced'],
    ['a contour longer than an element', changed(contours, [...contour, 'ContourData'], Array(9000).fill('-100.123')), 'more than fit into one element'],
    ['an ROI that nobody observed', { ...contours, RTROIObservationsSequence: [{ ...firstItem(contours, 'RTROIObservationsSequence'), ReferencedROINumber: 7 }] }, 'RTROIObservationsSequence has not one item for each ROI'],
    ['a registration that scales', changed(registration, matrix, [1.01, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]), 'registration 2 is not rigid'],
    ['one that mirrors', changed(registration, matrix, [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]), 'registration 2 is not rigid'],
    ['one of unlisted images', { ...registration, StudiesContainingOtherReferencedInstancesSequence: [] }, 'of an image that is not listed'],
    ['one without its own space', { ...registration, FrameOfReferenceUID: '1.2' }, 'registered frame of reference itself'],
    ['a document that refers to what is no evidence', { ...keyImages, CurrentRequestedProcedureEvidenceSequence: [{}] }, 'is no evidence'],
    ['a selection under another title', changed(keyImages, ['ConceptNameCodeSequence', 0, 'CodeValue'], '113010'), 'the title is none of TID 2010'],
    ['a report without image library', { ...sr, ContentSequence: items(sr, 'ContentSequence').filter((item) => conceptOf(item) !== '111028') }, 'the image library is missing'],
    ['a group without identity', changed(sr, rows, without('112040')), 'lacks its Tracking Unique Identifier'],
    ['a group without its segment', changed(sr, rows, without('121191')), 'lacks its Referenced Segment'],
    ['a document that is no PDF', { ...pdf, EncapsulatedDocument: new ArrayBuffer(10) }, 'the document is no PDF'],
  ])('refuses %s', (_name, dataset, message) => {
    expect(breach(dataset)).toContain(message);
  }); // prettier-ignore

  test('names the attribute, never its value', () => {
    expect(breach({ ...seg, PatientID: `Müller\\${'x'.repeat(70)}` })).not.toContain('Müller');
  });
});

describe('decimalString', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [0.1 + 0.2, '0.3'],
    [-0.99999999999999989, '-1'],
    [1 / 3, '0.33333333333333'],
    [-1 / 3, '-0.3333333333333'],
    [-1.2345678901234e-9, '-1.234567890e-9'],
  ])('%d', (value, text) => {
    const written = decimalString(value);
    expect(written.length).toBeLessThanOrEqual(16);
    expect(Number(written)).toBeCloseTo(value, 12);
    expect(Math.abs(Number(written) - Number(text))).toBeLessThan(1e-14);
  });

  test('infinity cannot be written', () => expect(() => decimalString(Infinity)).toThrow(RangeError));
});
