import { textDelimiters, type TextReader } from './charset.js';
import { withoutPadding, withoutTrailingPadding } from './padding.js';

type ReadNumber = (view: DataView, at: number, little: boolean) => number | bigint;

const binaryNumbers: Record<string, { bytes: number; read: ReadNumber } | undefined> = {
  US: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  SS: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  UL: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  SL: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  UV: { bytes: 8, read: (view, at, little) => view.getBigUint64(at, little) },
  SV: { bytes: 8, read: (view, at, little) => view.getBigInt64(at, little) },
  FL: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  FD: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  AT: {
    bytes: 4,
    read: (view, at, little) => view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little),
  },
};
const asciiVRs = new Set(['AE', 'AS', 'CS', 'DA', 'DT', 'TM', 'UI', 'UR']);
const textVRs = new Set(['SH', 'LO', 'ST', 'LT', 'UC', 'UT', 'PN']);
/** Text that is one value, whatever backslashes it holds (PS3.5 6.2). */
const singleTextVRs = new Set(['ST', 'LT', 'UT', 'UR']);

/**
 * The values in an element's bytes. Number strings become numbers if they are some; what is none stays text, so that
 * whoever needs the number can say what is there instead. Bulk values are one ArrayBuffer.
 *
 * @param text decodes by the data set's SpecificCharacterSet.
 */
export function elementValues(vr: string, bytes: Buffer, littleEndian: boolean, text: TextReader): unknown[] {
  const binary = binaryNumbers[vr];
  if (binary) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: Math.floor(bytes.length / binary.bytes) }, (_, index) =>
      binary.read(view, index * binary.bytes, littleEndian),
    );
  }
  if (vr === 'IS' || vr === 'DS') return strings(bytes.toString('latin1'), vr).map(numberOrText);
  if (asciiVRs.has(vr)) return strings(bytes.toString('latin1'), vr);
  if (textVRs.has(vr)) {
    const delimiters =
      vr === 'PN' ? textDelimiters.name : singleTextVRs.has(vr) ? textDelimiters.text : textDelimiters.value;
    const decoded = strings(text(bytes, delimiters), vr);
    return vr === 'PN' ? personNames(decoded) : decoded;
  }
  // A copy: dcmjs writes ArrayBuffers, and the file's own buffer need not live on.
  return bytes.length === 0 ? [] : [new Uint8Array(bytes).buffer];
}

/**
 * Values of a string element: padding removed (leading spaces in long text carry meaning and stay), split where
 * allowed.
 */
function strings(raw: string, vr: string): string[] {
  return singleTextVRs.has(vr) ? [withoutTrailingPadding(raw)] : raw.split('\\').map(withoutPadding);
}

/** VR DS, which holds IS (PS3.5 6.2). Each alternative begins otherwise, so that no text is tried twice. */
const decimalString = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number that a DS or IS string says; undefined if it says none. */
export function parseDecimalString(value: string): number | undefined {
  const number = decimalString.test(value) ? Number(value) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

const numberOrText = (value: string): number | string => parseDecimalString(value) ?? value;

const nameGroups = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;
/** Person names in the DICOM JSON form (PS3.18 F.2.2), which dcmjs uses. */
function personNames(values: readonly string[]): Record<string, string>[] {
  return values.filter(Boolean).map((value) => {
    const groups = value.split('=').slice(0, 3);
    const name: Record<string, string> = {};
    groups.forEach((group, index) => {
      if (group) name[nameGroups[index]] = group;
    });
    return name;
  });
}
