import dcmjs from 'dcmjs';
import { PrioraError } from '../core/errors.js';
import type { Dataset } from '../dicom/dataset.js';
import { SOPClass } from '../dicom/uid.js';

const dictionary = dcmjs.data.DicomMetaDictionary.nameMap as Record<string, { vr: string } | undefined>;

/** Form of a value by its VR (PS3.5 6.2). Text may hold anything but control characters and the delimiter. */
const forms: Record<string, RegExp> = {
  AE: /^[^\\\p{Cc}]{1,16}$/u,
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9 _]{1,16}$/,
  DA: /^\d{8}$/,
  DS: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
  DT: /^\d{4,14}(\.\d{1,6})?([+-]\d{4})?$/,
  IS: /^[+-]?\d{1,11}$/,
  LO: /^[^\\\p{Cc}]{1,64}$/u,
  LT: /^[^\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]{1,10240}$/u, // eslint-disable-line no-control-regex
  SH: /^[^\\\p{Cc}]{1,16}$/u,
  ST: /^[^\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]{1,1024}$/u, // eslint-disable-line no-control-regex
  TM: /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/,
  // Leading zeros are wrong too, but sources have them, and an identity must not be altered.
  UI: /^\d+(\.\d+)*$/,
  UT: /^[^\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]+$/u, // eslint-disable-line no-control-regex
};

const commonTypeOne = [
  'SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality SpecificCharacterSet InstanceNumber ContentDate',
  'ContentTime Manufacturer',
];
/** Type 1 attributes at the top of each kind of object (PS3.3 A.51, A.35.13, A.35.4, A.45.1). */
const typeOne: Record<string, readonly string[]> = {
  [SOPClass.SegmentationStorage]: [
    'FrameOfReferenceUID ImageType Rows Columns NumberOfFrames SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored',
    'HighBit PixelRepresentation PixelData SegmentationType SegmentSequence SegmentsOverlap ContentLabel LossyImageCompression',
    'SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence DimensionOrganizationSequence DimensionIndexSequence',
    'ReferencedSeriesSequence ManufacturerModelName DeviceSerialNumber SoftwareVersions SeriesNumber',
  ],
  [SOPClass.Comprehensive3DSRStorage]: [
    'CompletionFlag VerificationFlag ValueType ConceptNameCodeSequence ContentTemplateSequence ContentSequence ContinuityOfContent',
    'CurrentRequestedProcedureEvidenceSequence ManufacturerModelName DeviceSerialNumber SoftwareVersions SeriesNumber',
  ],
  [SOPClass.EncapsulatedPDFStorage]: [
    'SeriesNumber ConversionType BurnedInAnnotation MIMETypeOfEncapsulatedDocument EncapsulatedDocument SourceInstanceSequence',
  ],
  [SOPClass.KeyObjectSelectionDocumentStorage]: [
    'ValueType ConceptNameCodeSequence ContentTemplateSequence ContentSequence ContinuityOfContent SeriesNumber',
    'CurrentRequestedProcedureEvidenceSequence',
  ],
};
/** Present, though perhaps empty. */
const typeTwo =
  'PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber ReferringPhysicianName';

/** What a content item of each value type must carry (PS3.3 C.17.3). */
const contentOf: Record<string, readonly string[]> = {
  TEXT: ['TextValue'],
  CODE: ['ConceptCodeSequence'],
  NUM: ['MeasuredValueSequence'],
  UIDREF: ['UID'],
  DATE: ['Date'],
  IMAGE: ['ReferencedSOPSequence'],
  COMPOSITE: ['ReferencedSOPSequence'],
  SCOORD3D: ['GraphicType', 'GraphicData', 'ReferencedFrameOfReferenceUID'],
  CONTAINER: ['ContinuityOfContent'],
};

/**
 * The last look at an object before it leaves: required attributes, the form and length of every value, complete codes
 * and content items, and pixel data that fill the frames announced. All breaches are named at once.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT
 */
export function checkOutput(dataset: Dataset): void {
  const breaches: string[] = [];
  const demanded = [...commonTypeOne, ...(typeOne[dataset['SOPClassUID'] as string] ?? [])].join(' ').split(' ');
  for (const keyword of demanded) if (isEmpty(dataset[keyword])) breaches.push(`${keyword} is missing`);
  for (const keyword of typeTwo.split(' ')) if (!(keyword in dataset)) breaches.push(`${keyword} is missing`);
  checkItem(dataset, '', breaches);
  checkPixels(dataset, breaches);
  if (breaches.length > 0)
    throw new PrioraError('DICOM_INVALID_OUTPUT', breaches.slice(0, 10).join('; '), {
      subject: { SOPInstanceUID: String(dataset['SOPInstanceUID']) },
    });
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

function checkItem(item: Dataset, path: string, breaches: string[]): void {
  for (const [keyword, value] of Object.entries(item)) {
    if (keyword === '_vrMap') continue; // the writer's note on value representations
    const at = `${path}${keyword}`;
    const vr = dictionary[keyword]?.vr;
    if (vr === undefined) breaches.push(`${at} is no DICOM keyword`);
    else if (vr === 'SQ') {
      for (const [index, entry] of (value as Dataset[]).entries()) {
        if (keyword.endsWith('CodeSequence')) checkCode(entry, at, breaches);
        checkItem(entry, `${at}[${index}].`, breaches);
      }
    } else if (vr === 'PN') checkName(value, at, breaches);
    else for (const single of Array.isArray(value) ? value : [value]) checkValue(single, vr, at, breaches);
  }
  const contentType = item['ValueType'] as string | undefined;
  if (contentType !== undefined)
    for (const keyword of contentOf[contentType] ?? [])
      if (isEmpty(item[keyword])) breaches.push(`${path}${keyword} is missing in a ${contentType}`);
}

function checkValue(value: unknown, vr: string, at: string, breaches: string[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) breaches.push(`${at} is no number`);
  const form = forms[vr];
  // Never the value itself: it may be a patient's.
  if (form === undefined || value === '') return;
  const text = String(value);
  const limit = vr === 'UI' ? 64 : vr === 'DS' ? 16 : Infinity;
  if (!form.test(text) || text.length > limit) breaches.push(`${at} is no valid ${vr} (${text.length} characters)`);
}

function checkName(value: unknown, at: string, breaches: string[]): void {
  const names = Array.isArray(value) ? (value as unknown[]) : [value];
  for (const name of names) {
    const groups =
      typeof name === 'object' && name !== null
        ? Object.values(name)
        : (typeof name === 'string' ? name : '').split('=');
    if (groups.length > 3 || groups.some((group) => String(group).length > 64 || /[\\\p{Cc}]/u.test(String(group))))
      breaches.push(`${at} is no valid PN`);
  }
}

function checkCode(item: Dataset, at: string, breaches: string[]): void {
  for (const keyword of ['CodeValue', 'CodingSchemeDesignator', 'CodeMeaning'])
    if (isEmpty(item[keyword]) && !(keyword === 'CodeValue' && (item['LongCodeValue'] || item['URNCodeValue'])))
      breaches.push(`${at} lacks ${keyword}`);
}

function checkPixels(dataset: Dataset, breaches: string[]): void {
  if (dataset['PixelData'] === undefined) return;
  const frames = Number(dataset['NumberOfFrames']);
  const bits = frames * Number(dataset['Rows']) * Number(dataset['Columns']) * Number(dataset['BitsAllocated']);
  const bytes = Math.ceil(bits / 16) * 2;
  const found = (dataset['PixelData'] as ArrayBuffer).byteLength;
  if (found !== bytes) breaches.push(`PixelData has ${found} bytes instead of ${bytes}`);
  const described = (dataset['PerFrameFunctionalGroupsSequence'] as unknown[] | undefined)?.length;
  if (described !== frames) breaches.push(`${described} per-frame groups for ${frames} frames`);
}
