import { describe, expect, test } from 'vitest';
import { asPrioraError } from '../../src/core/errors.js';
import { parseFile, type Dataset } from '../../src/dicom/dataset.js';
import { checkOutput } from '../../src/report/check.js';
import { decimalString } from '../../src/report/decimal-string.js';
import { writeReport, writeSegmentation } from '../../src/report/report.js';
import { cases } from './cases.js';

const { input } = cases.find(({ name }) => name === 'coronal')!;
const segmentation = writeSegmentation(input);
const read = (bytes: Buffer): Dataset => {
  const { dataset } = parseFile(bytes);
  const pixels = dataset['PixelData'] as ArrayBuffer[] | undefined;
  return pixels ? { ...dataset, PixelData: pixels[0] } : dataset;
};
const seg = read(segmentation.bytes);
const sr = read(writeReport(input, segmentation).bytes);

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
  test('what we wrote passes, read back', () => {
    expect(breach(seg)).toBe('');
    expect(breach(sr)).toBe('');
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
