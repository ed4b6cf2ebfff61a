import dcmjs from 'dcmjs';
import { textDelimiters, textReader, type TextReader } from './charset.js';
import { withoutPadding, withoutTrailingPadding } from './padding.js';

const { DicomMetaDictionary, ValueRepresentation } = dcmjs.data;

/** One data element in dcmjs' form; `Value` is always an array. */
export interface DataElement {
  vr: string;
  Value: unknown[];
}
/** Tag (`0020000D`) → element. */
export type ElementMap = Record<string, DataElement>;

/** How a data set is encoded (PS3.5 Annex A). */
export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

/** Where top-level Pixel Data lies: `start` is its first value byte; `length` is undefined if encapsulated. */
export interface PixelDataLocation {
  readonly start: number;
  readonly length: number | undefined;
}

interface ReadValue {
  readonly vr: string;
  Value: unknown[];
  readonly end: number;
}

const undefinedLength = 0xffffffff;
/** VRs whose explicit length field has 32 bits (PS3.5 7.1.2). */
const longLength = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const numbers: Record<
  string,
  { bytes: number; read: (view: DataView, at: number, little: boolean) => number | bigint }
> = {
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
/** Text that is a single value whatever backslashes it holds (PS3.5 6.2). */
const singleTextVRs = new Set(['ST', 'LT', 'UT', 'UR']);

const vrCache = new Map<string, string | undefined>();
/** A standard element's VR according to PS3.6; `undefined` for private and unknown ones. */
function dictionaryVR(tag: string): string | undefined {
  if (!vrCache.has(tag)) {
    const privateGroup = (parseInt(tag.slice(3, 4), 16) & 1) === 1;
    const entry = privateGroup
      ? undefined
      : (DicomMetaDictionary.dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`] as { vr: string } | undefined);
    vrCache.set(tag, entry?.vr);
  }
  return vrCache.get(tag);
}

const hex4 = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');

/**
 * Reads the elements of a data set, checking each against the end of the bytes. Group lengths are dropped. Text is
 * decoded by SpecificCharacterSet, which then reads `ISO_IR 192`, as the strings now are.
 */
export class ElementReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #encoding: Encoding;
  #signedPixels = false;
  /** Set once top-level Pixel Data has been reached. */
  pixelData: PixelDataLocation | undefined;

  constructor(bytes: Uint8Array, encoding: Encoding) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#encoding = encoding;
  }

  /**
   * The top-level elements from `start` up to Pixel Data (7FE0,0010), whose position is left in {@link pixelData}. What
   * follows Pixel Data (padding, digital signatures) carries nothing that an image needs. With `lastGroup`, stops
   * before the first element of a later group instead.
   *
   * @throws Error for bytes that are not a data set, or end early.
   */
  read(start: number, options: { lastGroup?: number } = {}): { elements: ElementMap; end: number } {
    return this.#readElements(start, this.#bytes.length, textReader([]), 0, options.lastGroup);
  }

  #readElements(start: number, end: number, text: TextReader, depth: number, lastGroup = 0xffff) {
    if (depth > 32) throw new Error('sequences are nested too deeply');
    const elements: ElementMap = {};
    let at = start;
    while (at < end) {
      if (at + 8 > end) throw new Error(`the data set ends inside an element at byte ${at}`);
      const little = this.#encoding.littleEndian;
      const group = this.#view.getUint16(at, little);
      const element = this.#view.getUint16(at + 2, little);
      if (group > lastGroup) break;
      if (group === 0xfffe && depth > 0) {
        at += 8;
        break; // Item delimitation; its length field is 0.
      }
      const tag = hex4(group) + hex4(element);
      const header = this.#readHeader(at, tag, element);
      at = header.valueStart;
      if (tag === '7FE00010' && depth === 0) {
        this.pixelData = { start: at, length: header.length === undefinedLength ? undefined : header.length };
        break;
      }
      if (header.length !== undefinedLength && at + header.length > end)
        throw new Error(`element ${tag} at byte ${at} is longer than what is left`);
      const value = this.#readValue(tag, header, text, depth);
      at = value.end;
      if (element === 0) continue;
      if (tag === '00080005') {
        text = textReader(value.Value as string[]);
        value.Value = ['ISO_IR 192'];
      }
      if (tag === '00280103') this.#signedPixels = value.Value[0] === 1;
      const kept: DataElement = ValueRepresentation.addTagAccessors({ vr: value.vr });
      kept.Value = value.Value;
      elements[tag] = kept;
    }
    return { elements, end: at };
  }

  #readHeader(at: number, tag: string, element: number): { vr: string; length: number; valueStart: number } {
    const { explicit, littleEndian } = this.#encoding;
    if (!explicit) {
      const length = this.#view.getUint32(at + 4, littleEndian);
      return { vr: this.#implicitVR(tag, element, length), length, valueStart: at + 8 };
    }
    const vr = this.#bytes.toString('latin1', at + 4, at + 6);
    if (!/^[A-Z]{2}$/.test(vr)) throw new Error(`element ${tag} at byte ${at} has no value representation`);
    if (!longLength.has(vr)) return { vr, length: this.#view.getUint16(at + 6, littleEndian), valueStart: at + 8 };
    if (at + 12 > this.#bytes.length) throw new Error(`the data set ends inside an element at byte ${at}`);
    return { vr, length: this.#view.getUint32(at + 8, littleEndian), valueStart: at + 12 };
  }

  #implicitVR(tag: string, element: number, length: number): string {
    const vr = dictionaryVR(tag);
    if (vr === undefined) {
      if (length === undefinedLength) return 'SQ';
      const creator = (parseInt(tag.slice(3, 4), 16) & 1) === 1 && element >= 0x10 && element <= 0xff;
      return creator ? 'LO' : 'UN';
    }
    if (vr === 'xs') return this.#signedPixels ? 'SS' : 'US';
    if (vr === 'ox') return 'OW';
    return /^[A-Z]{2}$/.test(vr) ? vr : 'UN';
  }

  #readValue(
    tag: string,
    header: { vr: string; length: number; valueStart: number },
    text: TextReader,
    depth: number,
  ): ReadValue {
    const { length, valueStart } = header;
    let { vr } = header;
    if (vr === 'UN' && this.#encoding.explicit) {
      // A sender without a dictionary: UN of undefined length is a sequence in Implicit VR (PS3.5 6.2.2), and the bytes
      // of a standard element are what Implicit VR Little Endian would hold.
      const known = this.#implicitVR(tag, 0, length);
      if (known !== 'UN' || length === undefinedLength) {
        const outer = this.#encoding;
        this.#encoding = { explicit: false, littleEndian: true };
        try {
          return this.#readValue(tag, { ...header, vr: known }, text, depth);
        } finally {
          this.#encoding = outer;
        }
      }
    }
    if (vr === 'SQ') return this.#readSequence(valueStart, length, text, depth);
    if (length === undefinedLength) return { vr, ...this.#skipFragments(valueStart) };
    const end = valueStart + length;
    const bytes = this.#bytes.subarray(valueStart, end);
    const number = numbers[vr];
    if (number) {
      const Value: unknown[] = [];
      for (let at = valueStart; at + number.bytes <= end; at += number.bytes)
        Value.push(number.read(this.#view, at, this.#encoding.littleEndian));
      return { vr, Value, end };
    }
    if (vr === 'IS' || vr === 'DS') return { vr, Value: numberStrings(bytes.toString('latin1')), end };
    if (asciiVRs.has(vr)) return { vr, Value: strings(bytes.toString('latin1'), vr), end };
    if (textVRs.has(vr)) {
      const delimiters =
        vr === 'PN' ? textDelimiters.name : singleTextVRs.has(vr) ? textDelimiters.text : textDelimiters.value;
      const decoded = strings(text(bytes, delimiters), vr);
      return { vr, Value: vr === 'PN' ? personNames(decoded) : decoded, end };
    }
    vr = vr === 'UN' || vr.startsWith('O') ? vr : 'UN';
    // A copy: dcmjs writes ArrayBuffers, and the file's own buffer need not stay alive.
    return { vr, Value: length === 0 ? [] : [new Uint8Array(bytes).buffer], end };
  }

  #readSequence(start: number, length: number, text: TextReader, depth: number) {
    const stop = length === undefinedLength ? this.#bytes.length : start + length;
    const little = this.#encoding.littleEndian;
    const Value: ElementMap[] = [];
    let at = start;
    while (at < stop) {
      if (at + 8 > stop) throw new Error(`a sequence ends inside an item at byte ${at}`);
      const tag = this.#view.getUint16(at, little) * 0x10000 + this.#view.getUint16(at + 2, little);
      const itemLength = this.#view.getUint32(at + 4, little);
      at += 8;
      if (tag === 0xfffee0dd) return { vr: 'SQ', Value, end: at };
      if (tag !== 0xfffee000) throw new Error(`a sequence has no item at byte ${at - 8}`);
      const itemEnd = itemLength === undefinedLength ? stop : at + itemLength;
      if (itemEnd > stop) throw new Error(`an item at byte ${at} is longer than its sequence`);
      const item = this.#readElements(at, itemEnd, text, depth + 1);
      Value.push(item.elements);
      at = item.end;
    }
    if (length === undefinedLength) throw new Error('a sequence does not end');
    return { vr: 'SQ', Value, end: at };
  }

  /** Encapsulated pixels below the top level (icons) are skipped. */
  #skipFragments(start: number): { Value: unknown[]; end: number } {
    let at = start;
    while (at + 8 <= this.#bytes.length) {
      const tag = this.#view.getUint32(at, true);
      const length = this.#view.getUint32(at + 4, true);
      at += 8;
      if (tag === 0xe0ddfffe) return { Value: [], end: at };
      at += length;
    }
    throw new Error('encapsulated data do not end');
  }
}

/**
 * Values of a string element: padding removed (leading spaces in long text carry meaning and stay), split where
 * allowed.
 */
// NUL pads UIDs, and other strings of some writers.
function strings(raw: string, vr: string): string[] {
  const unpadded = withoutTrailingPadding(raw);
  if (singleTextVRs.has(vr)) return [unpadded];
  return unpadded.split('\\').map((value) => withoutPadding(value));
}

function numberStrings(raw: string): (number | null)[] {
  return strings(raw, 'DS').map((value) => {
    const number = value === '' ? NaN : Number(value);
    return Number.isFinite(number) ? number : null;
  });
}

const nameGroups = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;
/** Person names in the DICOM JSON form (PS3.18 F.2.2), which dcmjs uses. */
function personNames(values: readonly string[]): Record<string, string>[] {
  return values.filter(Boolean).map((value) => {
    const groups = value.split('=').slice(0, 3);
    return Object.fromEntries(groups.map((group, index) => [nameGroups[index], group]).filter(([, group]) => group));
  });
}
