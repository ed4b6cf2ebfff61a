import { DateTime } from 'luxon';
import { PrioraError } from '../core/errors.js';
import type { Dataset } from '../dicom/dataset.js';
import { derivedUID } from '../dicom/uid.js';
import type { ReportInput } from './report-input.js';

/** Patient, study and character set attributes that a result shares with its source, nothing else of the header. */
export function patientAndStudy(header: Dataset): Dataset {
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    TimezoneOffsetFromUTC: optional(header['TimezoneOffsetFromUTC']),
    PatientName: header['PatientName'] ?? '',
    PatientID: first(header['PatientID']),
    IssuerOfPatientID: optional(header['IssuerOfPatientID']),
    PatientBirthDate: date(header['PatientBirthDate']) ?? '',
    PatientSex: ['M', 'F', 'O'].includes(first(header['PatientSex'])) ? first(header['PatientSex']) : '',
    PatientIdentityRemoved: optional(header['PatientIdentityRemoved']),
    DeidentificationMethod: texts(header['DeidentificationMethod']),
    DeidentificationMethodCodeSequence: completeCodes(header['DeidentificationMethodCodeSequence']),
    StudyInstanceUID: required(header, 'StudyInstanceUID'),
    StudyDate: date(header['StudyDate']) ?? '',
    StudyTime: time(header['StudyTime']) ?? '',
    ReferringPhysicianName: header['ReferringPhysicianName'] ?? '',
    // A shortened identifier would be a wrong one; both may be empty (type 2).
    StudyID: within(16, header['StudyID']),
    AccessionNumber: within(16, header['AccessionNumber']),
    StudyDescription: texts(header['StudyDescription'])?.[0],
    PatientAge: /^\d{3}[DWMY]$/.test(first(header['PatientAge'])) ? first(header['PatientAge']) : undefined,
    PatientWeight: decimal(header['PatientWeight']),
    PatientSize: decimal(header['PatientSize']),
  };
}

/** The source's FrameOfReferenceUID; where it has none, one derived from its series, so that our objects share one. */
export const frameOfReferenceUID = (header: Dataset): string =>
  first(header['FrameOfReferenceUID']) || derivedUID('FrameOfReference', required(header, 'SeriesInstanceUID'));

/**
 * When the source was acquired, as `YYYYMMDD` and `HHMMSS[.FFFFFF]`. Results carry this time and not the computer's:
 * the same input gives the same bytes.
 *
 * @throws PrioraError DICOM_MISSING_ATTRIBUTE when the header has no usable date.
 */
export function acquiredAt(header: Dataset): { date: string; time: string } {
  const dateTime = first(header['AcquisitionDateTime']);
  if (date(dateTime.slice(0, 8)))
    return { date: dateTime.slice(0, 8), time: time(dateTime.slice(8).split(/[+-]/, 1)[0]) ?? '000000' };
  for (const prefix of ['Acquisition', 'Content', 'Series', 'Study', 'InstanceCreation']) {
    const day = date(header[`${prefix}Date`]);
    if (day) return { date: day, time: time(header[`${prefix}Time`]) ?? '000000' };
  }
  throw new PrioraError('DICOM_MISSING_ATTRIBUTE', 'the source has no date', {
    subject: { SeriesInstanceUID: first(header['SeriesInstanceUID']) },
  });
}

/** A value that must be there. @throws PrioraError DICOM_MISSING_ATTRIBUTE */
export function required(header: Dataset, keyword: string): string {
  const value = first(header[keyword]);
  if (value === '') throw new PrioraError('DICOM_MISSING_ATTRIBUTE', `the source has no ${keyword}`);
  return value;
}

/** The first value as trimmed text; '' when there is none. */
const first = (value: unknown): string => {
  const single: unknown = Array.isArray(value) ? value[0] : value;
  return typeof single === 'string' || typeof single === 'number' ? String(single).trim() : '';
};

const optional = (value: unknown): string | undefined => first(value) || undefined;
const within = (length: number, value: unknown): string => (first(value).length <= length ? first(value) : '');
const decimal = (value: unknown): string | undefined =>
  first(value) !== '' && Number(first(value)) > 0 && first(value).length <= 16 ? first(value) : undefined;

/** Descriptive texts (LO), without what the representation forbids; they may be shortened. */
function texts(value: unknown): string[] | undefined {
  const clean = (Array.isArray(value) ? value : [value])
    .map((single) =>
      first(single)
        .replace(/[\\\p{Cc}]/gu, ' ')
        .slice(0, 64)
        .trim(),
    )
    .filter((single) => single !== '');
  return clean.length > 0 ? clean : undefined;
}

/** The items of a code sequence that are whole. */
function completeCodes(sequence: unknown): Dataset[] | undefined {
  const items = (Array.isArray(sequence) ? (sequence as Dataset[]) : [])
    .map(({ CodeValue, CodingSchemeDesignator, CodeMeaning }) => ({ CodeValue, CodingSchemeDesignator, CodeMeaning }))
    .filter((item) => Object.values(item).every((value) => first(value) !== ''));
  return items.length > 0 ? items : undefined;
}

/** `YYYYMMDD`, also from the ACR-NEMA form with dots. */
function date(value: unknown): string | undefined {
  const digits = first(value).replaceAll('.', '');
  return /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits) ? digits : undefined;
}

/** `HHMM…`, also from the form with colons. */
function time(value: unknown): string | undefined {
  const digits = first(value).replaceAll(':', '');
  return /^([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?$/.test(digits) ? digits : undefined;
}

/** `YYYYMMDD` → a date without a zone; null for anything else. */
export function calendarDate(date: string): DateTime | null {
  const parsed = DateTime.fromFormat(date, 'yyyyMMdd', { zone: 'utc' });
  return parsed.isValid ? parsed : null;
}

/** Days between the prior and the current examination by their dates; null without a prior, or its date. */
export function priorIntervalDays({ source, prior }: Pick<ReportInput, 'source' | 'prior'>): number | null {
  const now = calendarDate(acquiredAt(source.header).date);
  const before = prior && calendarDate(prior.acquiredDate);
  return now && before ? Math.round(now.diff(before, 'days').days) : null;
}
