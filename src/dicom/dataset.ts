import { PrioraError, type ErrorSubject } from '../core/errors.js';
import { attributeByKeyword } from './dictionary.js';
import { parseDecimalString } from './element-value.js';
import { withoutPadding } from './padding.js';

/**
 * A naturalised data set: keyword → value. Single values are unwrapped, multiple values are arrays, sequences are
 * arrays of data sets. Data elements keep their DICOM keyword everywhere in this code base; what a keyword holds is
 * whatever a sender wrote, and is read through the functions below.
 */
export type Dataset = Record<string, unknown>;

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null || value === '' ? [] : Array.isArray(value) ? (value as unknown[]) : [value];

/** The values of an attribute as trimmed text, empty ones left out; a name's component groups are joined by `=`. */
export function texts(dataset: Dataset, keyword: string): string[] {
  return listOf(dataset[keyword])
    .map((value) => withoutPadding(textOf(value)))
    .filter((value) => value !== '');
}

/**
 * An attribute as one trimmed text; undefined if it is absent or empty. Where a sender wrote several values, it is all
 * of them with their backslashes: a part of an identifier is another identifier.
 */
export function text(dataset: Dataset, keyword: string): string | undefined {
  return withoutPadding(listOf(dataset[keyword]).map(textOf).join('\\')) || undefined;
}

/** The first component group of a name as one text, as it is shown to people; undefined if it is absent or empty. */
export const personName = (dataset: Dataset, keyword: string): string | undefined =>
  withoutPadding(
    textOf(listOf(dataset[keyword])[0])
      .split('=')
      .find((group) => group.trim() !== '') ?? '',
  ) || undefined;

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  const { Alphabetic = '', Ideographic = '', Phonetic = '' } = value as Record<string, unknown>;
  const groups = [Alphabetic, Ideographic, Phonetic].map((group) => (typeof group === 'string' ? group : ''));
  while (groups.at(-1) === '') groups.pop();
  return groups.join('=');
}

/** Values of IS are 32-bit integers (PS3.5 6.2). */
const isInteger32 = (value: number) => Number.isInteger(value) && Math.abs(value) <= 2 ** 31;

/**
 * The numeric values of an attribute; empty if it is absent or empty.
 *
 * @param subject what an error names [the data set's SOPInstanceUID].
 * @throws PrioraError DICOM_VALUE_UNUSABLE, naming the attribute, if a value is no number, or an integer string (IS) is
 *   no integer of 32 bits.
 */
export function numbers(dataset: Dataset, keyword: string, subject = instanceOf(dataset)): number[] {
  const isIS = attributeByKeyword(keyword)?.vr === 'IS';
  return listOf(dataset[keyword]).map((value) => {
    const number = numberOf(value);
    if (number === undefined) throw unusable(keyword, 'is no number', subject);
    if (isIS && !isInteger32(number)) throw unusable(keyword, `is ${number}, which is no integer of 32 bits`, subject);
    return number;
  });
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return parseDecimalString(withoutPadding(value));
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/**
 * The one numeric value of an attribute; undefined if it is absent or empty.
 *
 * @throws PrioraError DICOM_VALUE_UNUSABLE as {@link numbers} does, and if there are several.
 */
export function number(dataset: Dataset, keyword: string, subject = instanceOf(dataset)): number | undefined {
  const values = numbers(dataset, keyword, subject);
  if (values.length > 1) throw unusable(keyword, `has ${values.length} values instead of one`, subject);
  return values[0];
}

/** Numbers and nothing else, such as a position, `length` of them if given; undefined for whatever else is there. */
export function vector(dataset: Dataset, keyword: string, length?: number): number[] | undefined {
  const values = listOf(dataset[keyword]).map(numberOf);
  if (length !== undefined && values.length !== length) return undefined;
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** What an error about a data set names. */
export function instanceOf(dataset: Dataset): ErrorSubject {
  const SOPInstanceUID = text(dataset, 'SOPInstanceUID');
  return SOPInstanceUID === undefined ? {} : { SOPInstanceUID };
}

/** An attribute whose value cannot be used. Never the value as the sender wrote it: it may be anything. */
export const unusable = (keyword: string, what: string, subject: ErrorSubject): PrioraError =>
  new PrioraError('DICOM_VALUE_UNUSABLE', `${keyword} ${what}`, { subject });

/** The items of a sequence; empty if it is absent, empty or no sequence. */
export function items(dataset: Dataset, keyword: string): Dataset[] {
  return listOf(dataset[keyword]).filter(
    (value): value is Dataset => typeof value === 'object' && value !== null && !(value instanceof ArrayBuffer),
  );
}

/** The first item of a sequence; an empty data set if it has none. */
export const firstItem = (dataset: Dataset, keyword: string): Dataset => items(dataset, keyword)[0] ?? {};

/**
 * A functional group of one frame (counted from 0): the frame's own before the shared one; an empty data set if there is
 * none.
 *
 * @see PS3.3 C.7.6.16
 */
export function functionalGroup(dataset: Dataset, keyword: string, frame = 0): Dataset {
  const own = items(items(dataset, 'PerFrameFunctionalGroupsSequence')[frame] ?? {}, keyword);
  return own[0] ?? firstItem(firstItem(dataset, 'SharedFunctionalGroupsSequence'), keyword);
}
