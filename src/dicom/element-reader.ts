import { textReader, type TextReader } from './charset.js';
import type { Dataset } from './dataset.js';
import { attributeByTag } from './dictionary.js';
import { elementValues } from './element-value.js';
import { hasLongLength, isVR, structure, undefinedLength, type ElementEncoding } from './encoding.js';

/** Where the top-level Pixel Data lies. */
export interface PixelDataLocation {
  /** Its first value byte. */
  readonly start: number;
  /** In bytes; undefined if encapsulated. */
  readonly length: number | undefined;
  /** OW is made of 16-bit words, OB of bytes (PS3.5 6.2); what Implicit VR holds is OW. */
  readonly vr: string;
}

interface ElementHeader {
  readonly vr: string;
  readonly length: number;
  readonly valueStart: number;
}

const sequenceEnd = Buffer.from('feffdde000000000', 'hex');
const hex8 = (tag: number) => tag.toString(16).toUpperCase().padStart(8, '0');
const isPrivate = (tag: number) => ((tag >>> 16) & 1) === 1;

/**
 * Reads the elements of a data set, iteratively checked against the end of the bytes, into a naturalised data set: by
 * keyword, private and unknown ones by tag. Group lengths and file meta information have no business there and are
 * dropped. Text is decoded by SpecificCharacterSet, which then reads `ISO_IR 192`: what the strings now are.
 *
 * An element encoded against the standard inside its own length is passed over, as if it were not there: whoever needs
 * it says so.
 */
export class ElementReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #encoding: ElementEncoding;
  #signedPixels = false;
  /** The first byte from the last look on that is not 0. */
  #zerosEnd = 0;
  /** Set once top-level Pixel Data has been reached. */
  pixelData: PixelDataLocation | undefined;

  constructor(bytes: Uint8Array, encoding: ElementEncoding) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#encoding = encoding;
  }

  /**
   * The data set from `start` up to Pixel Data (7FE0,0010), whose place is left in {@link pixelData}; what follows
   * Pixel Data (padding, digital signatures) carries nothing that an image needs.
   *
   * @throws Error on bytes that are no data set, or end early.
   */
  read(start: number): Dataset {
    return this.#readElements(start, this.#bytes.length, textReader([]), 0).dataset;
  }

  #readElements(start: number, end: number, text: TextReader, depth: number): { dataset: Dataset; end: number } {
    if (depth > 32) throw new Error('sequences are nested too deeply');
    const dataset: Dataset = {};
    let at = start;
    while (at < end) {
      if (this.#isZeros(at, end)) return { dataset, end };
      if (at + 8 > end) throw new Error(`the data set ends inside an element at byte ${at}`);
      const tag = this.#tag(at);
      if (tag >>> 16 === 0xfffe && depth > 0) return { dataset, end: at + 8 }; // item delimitation; its length is 0
      const header = this.#readHeader(at, tag, end, depth);
      at = header.valueStart;
      if (tag === structure.pixelData && depth === 0) {
        this.pixelData = {
          start: at,
          length: header.length === undefinedLength ? undefined : header.length,
          vr: header.vr,
        };
        break;
      }
      if (header.length !== undefinedLength && at + header.length > end)
        throw new Error(`element ${hex8(tag)} at byte ${at} is longer than what is left`);
      const value = this.#readValueOrPass(tag, header, end, text, depth);
      at = value.end;
      const group = tag >>> 16;
      if ((tag & 0xffff) === 0 || group === 0x0002 || value.values === undefined) continue;
      if (tag === 0x00080005) {
        text = textReader(value.values.map(String));
        value.values = ['ISO_IR 192'];
      }
      if (tag === 0x00280103) this.#signedPixels = value.values[0] === 1;
      dataset[attributeByTag(hex8(tag))?.keyword ?? hex8(tag)] = naturalised(value.values);
    }
    return { dataset, end: at };
  }

  #tag(at: number): number {
    const little = this.#encoding.littleEndian;
    return this.#view.getUint16(at, little) * 0x10000 + this.#view.getUint16(at + 2, little);
  }

  /** Whether nothing but zeros is left, which some writers leave after the last element. Looks at no byte twice. */
  #isZeros(at: number, end: number): boolean {
    while (this.#zerosEnd < at || (this.#zerosEnd < end && this.#bytes[this.#zerosEnd] === 0))
      this.#zerosEnd = Math.max(this.#zerosEnd + 1, at);
    return this.#zerosEnd >= end;
  }

  /**
   * A header as the data set is encoded; inside sequences also in the other encoding, where only that one makes sense:
   * writers leave the items of private sequences, and of UN, as they came to them.
   */
  #readHeader(at: number, tag: number, end: number, depth: number): ElementHeader {
    const { explicit, littleEndian } = this.#encoding;
    const vr = this.#bytes.toString('latin1', at + 4, at + 6);
    const implicitLength = this.#view.getUint32(at + 4, littleEndian);
    const fits = implicitLength === undefinedLength || at + 8 + implicitLength <= end;
    if (explicit ? depth > 0 && !/^[A-Z]{2}$/.test(vr) : depth === 0 || fits || !isVR(vr))
      return { vr: this.#implicitVR(tag, implicitLength), length: implicitLength, valueStart: at + 8 };
    const shortLength = this.#view.getUint16(at + 6, littleEndian);
    if (!/^[A-Z]{2}$/.test(vr)) {
      if (isPrivate(tag)) return { vr: 'UN', length: shortLength, valueStart: at + 8 };
      throw new Error(`element ${hex8(tag)} at byte ${at} has no value representation`);
    }
    if (!hasLongLength(vr)) return { vr, length: shortLength, valueStart: at + 8 };
    if (at + 12 > this.#bytes.length) throw new Error(`the data set ends inside an element at byte ${at}`);
    return { vr, length: this.#view.getUint32(at + 8, littleEndian), valueStart: at + 12 };
  }

  #implicitVR(tag: number, length: number): string {
    const vr = attributeByTag(hex8(tag))?.vr;
    if (vr === undefined) {
      if (length === undefinedLength) return 'SQ';
      const element = tag & 0xffff;
      return isPrivate(tag) && element >= 0x10 && element <= 0xff ? 'LO' : 'UN';
    }
    if (vr === 'xs') return this.#signedPixels ? 'SS' : 'US';
    if (vr === 'ox') return 'OW';
    return /^[A-Z]{2}$/.test(vr) ? vr : 'UN';
  }

  /** {@link #readValue}, or no values and the end of the element if its inside cannot be read. */
  #readValueOrPass(
    tag: number,
    header: ElementHeader,
    end: number,
    text: TextReader,
    depth: number,
  ): { vr: string; values?: unknown[]; end: number } {
    try {
      return this.#readValue(tag, header, end, text, depth);
    } catch (error) {
      const after =
        header.length === undefinedLength
          ? this.#afterSequence(tag, header.valueStart, end)
          : header.valueStart + header.length;
      if (after === undefined) throw error;
      return { vr: header.vr, end: after };
    }
  }

  #readValue(
    tag: number,
    header: ElementHeader,
    end: number,
    text: TextReader,
    depth: number,
  ): { vr: string; values: unknown[]; end: number } {
    const { vr, length, valueStart } = header;
    if (vr === 'UN' && this.#encoding.explicit) {
      // A sender without a dictionary: UN of undefined length is a sequence in Implicit VR (PS3.5 6.2.2), and a
      // standard element's bytes are what Implicit VR Little Endian would hold.
      const known = this.#implicitVR(tag, length);
      if (known !== 'UN' || length === undefinedLength) {
        const outer = this.#encoding;
        this.#encoding = { explicit: false, littleEndian: true };
        try {
          return this.#readValue(tag, { ...header, vr: known }, end, text, depth);
        } finally {
          this.#encoding = outer;
        }
      }
    }
    if (vr === 'SQ') return { vr, ...this.#readSequence(valueStart, length, end, text, depth) };
    if (length === undefinedLength) return { vr, values: [], end: this.#afterFragments(valueStart) };
    const bytes = this.#bytes.subarray(valueStart, valueStart + length);
    return {
      vr,
      values: elementValues(vr, bytes, this.#encoding.littleEndian, text),
      end: valueStart + length,
    };
  }

  #readSequence(start: number, length: number, end: number, text: TextReader, depth: number) {
    const stop = length === undefinedLength ? end : start + length;
    const values: Dataset[] = [];
    let at = start;
    while (at < stop) {
      if (at + 8 > stop) throw new Error(`a sequence ends inside an item at byte ${at}`);
      const tag = this.#tag(at);
      const itemLength = this.#view.getUint32(at + 4, this.#encoding.littleEndian);
      at += 8;
      if (tag === structure.sequenceDelimiter) return { values, end: length === undefinedLength ? at : stop };
      if (tag !== structure.item) throw new Error(`a sequence has no item at byte ${at - 8}`);
      const itemEnd = itemLength === undefinedLength ? stop : at + itemLength;
      if (itemEnd > stop) throw new Error(`an item at byte ${at} is longer than its sequence`);
      const item = this.#readElements(at, itemEnd, text, depth + 1);
      values.push(item.dataset);
      at = item.end;
    }
    if (length === undefinedLength) throw new Error('a sequence does not end');
    return { values, end: at };
  }

  /** Where encapsulated pixels below the top level (icons) end. */
  #afterFragments(start: number): number {
    let at = start;
    while (at + 8 <= this.#bytes.length) {
      const tag = this.#tag(at);
      const length = this.#view.getUint32(at + 4, this.#encoding.littleEndian);
      at += 8;
      if (tag === structure.sequenceDelimiter) return at;
      at += length;
    }
    throw new Error('encapsulated data do not end');
  }

  /** Where a sequence of undefined length that cannot be read ends: at the delimiter that the next element follows. */
  #afterSequence(tag: number, start: number, end: number): number | undefined {
    const delimiter = this.#encoding.littleEndian ? sequenceEnd : Buffer.from(sequenceEnd).swap16();
    for (let at = start; ; at++) {
      at = this.#bytes.indexOf(delimiter, at);
      if (at < 0 || at + 8 > end) return undefined;
      const next = at + 8;
      if (next === end || (next + 8 <= end && this.#follows(next, tag, end))) return next;
    }
  }

  /** Whether an element lies at `at` that can follow `tag`: of a greater tag, and not longer than what is left. */
  #follows(at: number, tag: number, end: number): boolean {
    const next = this.#tag(at);
    if (next <= tag || next >>> 16 === 0xfffe) return next === structure.itemDelimiter;
    const vr = this.#bytes.toString('latin1', at + 4, at + 6);
    if (this.#encoding.explicit && !isVR(vr)) return false;
    const { valueStart, length } = this.#readHeader(at, next, end, 0);
    return length === undefinedLength || valueStart + length <= end;
  }
}

/** Single values are unwrapped; items, names and bulk stay in a list, as dcmjs has it. */
const naturalised = (values: unknown[]): unknown =>
  values.length === 1 && typeof values[0] !== 'object' ? values[0] : values;
