import { textDelimiters, textReader } from './charset.js';
import { withoutTrailingPadding } from './padding.js';

/** Text elements by tag; the second word says how their bytes are split and decoded. */
const textElements = {
  SOPClassUID: [0x00080016, 'code'],
  SOPInstanceUID: [0x00080018, 'code'],
  StudyDate: [0x00080020, 'code'],
  SeriesDate: [0x00080021, 'code'],
  AcquisitionDate: [0x00080022, 'code'],
  AcquisitionDateTime: [0x0008002a, 'code'],
  StudyTime: [0x00080030, 'code'],
  SeriesTime: [0x00080031, 'code'],
  AcquisitionTime: [0x00080032, 'code'],
  Modality: [0x00080060, 'code'],
  Manufacturer: [0x00080070, 'text'],
  TimezoneOffsetFromUTC: [0x00080201, 'code'],
  SeriesDescription: [0x0008103e, 'text'],
  ManufacturerModelName: [0x00081090, 'text'],
  PatientName: [0x00100010, 'name'],
  PatientID: [0x00100020, 'text'],
  IssuerOfPatientID: [0x00100021, 'text'],
  PatientBirthDate: [0x00100030, 'code'],
  PatientSex: [0x00100040, 'code'],
  StudyInstanceUID: [0x0020000d, 'code'],
  SeriesInstanceUID: [0x0020000e, 'code'],
} as const;

/** Number strings by tag. */
const numberElements = {
  SliceThickness: 0x00180050,
  InstanceNumber: 0x00200013,
  ImagePositionPatient: 0x00200032,
  ImageOrientationPatient: 0x00200037,
  ImagesInAcquisition: 0x00201002,
  NumberOfSeriesRelatedInstances: 0x00201209,
  NumberOfFrames: 0x00280008,
} as const;

const specificCharacterSet = 0x00080005;

/**
 * What an image's header says about its patient, its time and its position; text is `''` and numbers are `[]` when
 * absent.
 */
export type InstanceHeader = { readonly [Keyword in keyof typeof textElements]: string } & {
  readonly [Keyword in keyof typeof numberElements]: readonly number[];
};

/** The elements of which an {@link InstanceHeader} is made. */
export const headerTags: ReadonlySet<number> = new Set([
  specificCharacterSet,
  ...Object.values(textElements).map(([tag]) => tag),
  ...Object.values(numberElements),
]);

/** As lists, made once, because every received instance is read through them. */
const texts = Object.entries(textElements);
const numbers = Object.entries(numberElements);

const ascii = (bytes: Buffer | undefined) => withoutTrailingPadding(bytes?.toString('latin1') ?? '').trimStart();

/** Decodes raw values (tag → bytes) by their SpecificCharacterSet. Values that are not numbers are left out. */
export function instanceHeader(elements: ReadonlyMap<number, Buffer>): InstanceHeader {
  const read = textReader(ascii(elements.get(specificCharacterSet)).split('\\'));
  const header: Record<string, string | number[]> = {};
  for (const [keyword, [tag, kind]] of texts) {
    const bytes = elements.get(tag);
    if (bytes === undefined) header[keyword] = '';
    else if (kind === 'code') header[keyword] = ascii(bytes);
    else {
      const text = read(bytes, kind === 'name' ? textDelimiters.name : textDelimiters.value);
      header[keyword] = withoutTrailingPadding(text).trimStart();
    }
  }
  for (const [keyword, tag] of numbers)
    header[keyword] = ascii(elements.get(tag))
      .split('\\')
      .filter((value) => value.trim() !== '')
      .map(Number)
      .filter(Number.isFinite);
  return header as unknown as InstanceHeader;
}
