import { DateTime } from 'luxon';
import { PrioraError } from '../core/errors.js';
import { acquisitionTime, timeAttributes, type AcquisitionTime } from '../dicom/acquisition-time.js';
import { items, text, texts, vector, type Dataset } from '../dicom/dataset.js';
import { derivedUID } from '../dicom/uid.js';
import type { ReportInput } from './report-input.js';

/**
 * Patient, study and character set attributes that a result shares with its source, nothing else of the header.
 * Identifiers are whole: one with several values leaves as it came, which the check of every object refuses.
 */
export function patientAndStudy(header: Dataset): Dataset {
  const PatientSex = text(header, 'PatientSex') ?? '';
  const PatientAge = text(header, 'PatientAge') ?? '';
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    TimezoneOffsetFromUTC: text(header, 'TimezoneOffsetFromUTC'),
    PatientName: header['PatientName'] ?? '',
    PatientID: text(header, 'PatientID') ?? '',
    IssuerOfPatientID: text(header, 'IssuerOfPatientID'),
    PatientBirthDate: date(header, 'PatientBirthDate') ?? '',
    PatientSex: ['M', 'F', 'O'].includes(PatientSex) ? PatientSex : '',
    PatientIdentityRemoved: text(header, 'PatientIdentityRemoved'),
    DeidentificationMethod: descriptions(header, 'DeidentificationMethod'),
    DeidentificationMethodCodeSequence: completeCodes(header, 'DeidentificationMethodCodeSequence'),
    StudyInstanceUID: required(header, 'StudyInstanceUID'),
    StudyDate: date(header, 'StudyDate') ?? '',
    StudyTime: time(header, 'StudyTime') ?? '',
    ReferringPhysicianName: header['ReferringPhysicianName'] ?? '',
    // A shortened identifier would be a wrong one; both may be empty (type 2).
    StudyID: within(16, header, 'StudyID'),
    AccessionNumber: within(16, header, 'AccessionNumber'),
    StudyDescription: descriptions(header, 'StudyDescription')?.join(' ').slice(0, 64),
    PatientAge: /^\d{3}[DWMY]$/.test(PatientAge) ? PatientAge : undefined,
    PatientWeight: decimal(header, 'PatientWeight'),
    PatientSize: decimal(header, 'PatientSize'),
  };
}

/** The source's FrameOfReferenceUID; where it has none, one derived from its series, so that our objects share one. */
export const frameOfReferenceUID = (header: Dataset): string =>
  text(header, 'FrameOfReferenceUID') ?? derivedUID('FrameOfReference', required(header, 'SeriesInstanceUID'));

/**
 * When the source was acquired, as `YYYYMMDD` and `HHMMSS[.FFFFFF]`. Results carry this time and not the computer's:
 * the same input gives the same bytes.
 *
 * @throws PrioraError DICOM_MISSING_ATTRIBUTE when the header has no usable date.
 */
export function acquiredAt(header: Dataset): Pick<AcquisitionTime, 'date' | 'time'> {
  // The zone decides about the instant only, which is not asked for here.
  const acquired = acquisitionTime(timeAttributes(header), 'utc');
  if (acquired) return { date: acquired.date, time: acquired.time };
  throw new PrioraError('DICOM_MISSING_ATTRIBUTE', 'the source has no date', {
    subject: { SeriesInstanceUID: text(header, 'SeriesInstanceUID') ?? '' },
  });
}

/** A value that must be there. @throws PrioraError DICOM_MISSING_ATTRIBUTE */
export function required(header: Dataset, keyword: string): string {
  const value = text(header, keyword);
  if (value === undefined) throw new PrioraError('DICOM_MISSING_ATTRIBUTE', `the source has no ${keyword}`);
  return value;
}

const within = (length: number, header: Dataset, keyword: string): string => {
  const value = text(header, keyword) ?? '';
  return value.length <= length ? value : '';
};

function decimal(header: Dataset, keyword: string): string | undefined {
  const [value] = vector(header, keyword, 1) ?? [];
  return value > 0 && String(value).length <= 16 ? String(value) : undefined;
}

/** Descriptive texts (LO), without what the representation forbids; they may be shortened. */
function descriptions(header: Dataset, keyword: string): string[] | undefined {
  const clean = texts(header, keyword)
    .map((value) =>
      value
        .replace(/[\\\p{Cc}]/gu, ' ')
        .slice(0, 64)
        .trim(),
    )
    .filter((value) => value !== '');
  return clean.length > 0 ? clean : undefined;
}

/** The items of a code sequence that are whole. */
function completeCodes(header: Dataset, keyword: string): Dataset[] | undefined {
  const whole = items(header, keyword)
    .map((item) => ({
      CodeValue: text(item, 'CodeValue'),
      CodingSchemeDesignator: text(item, 'CodingSchemeDesignator'),
      CodeMeaning: text(item, 'CodeMeaning'),
    }))
    .filter((code) => Object.values(code).every((value) => value !== undefined));
  return whole.length > 0 ? whole : undefined;
}

/** `YYYYMMDD`, also from the ACR-NEMA form with dots. */
function date(header: Dataset, keyword: string): string | undefined {
  const digits = (text(header, keyword) ?? '').replaceAll('.', '');
  return /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits) ? digits : undefined;
}

/** `HHMM…`, also from the form with colons. */
function time(header: Dataset, keyword: string): string | undefined {
  const digits = (text(header, keyword) ?? '').replaceAll(':', '');
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
