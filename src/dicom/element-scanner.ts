import { PrioraError } from '../core/errors.js';
import { hasLongLength, isVR, structure, undefinedLength, type ElementEncoding } from './encoding.js';

/** Wanted values longer than this are skipped: no useful header value is longer. */
const maxValueLength = 65_536;
const maxDepth = 64;

const letterPair = /^[A-Z]{2}$/;
const isZeros = (bytes: Buffer) => bytes.every((byte) => byte === 0);

interface Level {
  readonly kind: 'sequence' | 'item' | 'fragments';
  /** The encoding to return to when the level ends. */
  readonly explicit: boolean;
}

/**
 * Walks a data set while it streams by and keeps the values of the wanted top-level elements. It needs no more memory
 * than those values, however large the pixels, and tells whether the data set is complete: every length is followed to
 * its end. Values inside sequences are skipped.
 */
export class ElementScanner {
  /** Tag (`group << 16 | element`) → raw value. */
  readonly elements = new Map<number, Buffer>();
  readonly #wanted: ReadonlySet<number>;
  readonly #littleEndian: boolean;
  readonly #declared: boolean;
  #explicit: boolean;
  readonly #levels: Level[] = [];
  /** The beginning of a header that the end of the last chunk cut off. */
  #carry: Buffer = Buffer.alloc(0);
  /** Bytes of the current value still to come, and where they go (nowhere if it is skipped). */
  #remaining = 0;
  #value: Buffer | undefined;
  #offset = 0;
  /** Nothing but zeros has come since the last element: some writers leave them behind it. */
  #padding = false;

  constructor(encoding: ElementEncoding, wanted: ReadonlySet<number>) {
    this.#declared = encoding.explicit;
    this.#explicit = encoding.explicit;
    this.#littleEndian = encoding.littleEndian;
    this.#wanted = wanted;
  }

  /**
   * Takes the next bytes of the data set.
   *
   * @throws PrioraError DICOM_UNREADABLE if the bytes are not a data set in this encoding.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#padding) {
        if (!isZeros(chunk.subarray(at))) throw this.#unreadable('zeros between elements');
        break;
      }
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        if (this.#value) chunk.copy(this.#value, this.#value.length - this.#remaining, at, at + taken);
        this.#remaining -= taken;
        at += taken;
        if (this.#remaining === 0) this.#value = undefined;
        continue;
      }
      const headerBytes = this.#header(chunk, at);
      if (headerBytes === 0) {
        this.#carry = Buffer.concat([this.#carry, chunk.subarray(at)]);
        break;
      }
      at += headerBytes;
    }
    this.#offset += chunk.length;
  }

  /** @throws PrioraError DICOM_UNREADABLE if the data set ended before its elements did. */
  end(): void {
    if (this.#remaining > 0 || this.#levels.length > 0 || !isZeros(this.#carry))
      throw this.#unreadable('it ends inside an element: the data set is truncated');
  }

  /**
   * Reads one element header at `at` (or continues one that was cut off); returns the bytes used of this chunk, 0 if it
   * is cut off again.
   */
  #header(chunk: Buffer, at: number): number {
    let bytes = chunk;
    let start = at;
    const carried = this.#carry.length;
    if (carried > 0) {
      bytes = Buffer.concat([this.#carry, chunk.subarray(at, at + 12)]);
      start = 0;
    }
    const available = bytes.length - start;
    if (available < 8) return 0;
    const u16 = (offset: number) =>
      this.#littleEndian ? bytes.readUInt16LE(start + offset) : bytes.readUInt16BE(start + offset);
    const u32 = (offset: number) =>
      this.#littleEndian ? bytes.readUInt32LE(start + offset) : bytes.readUInt32BE(start + offset);
    const tag = u16(0) * 0x10000 + u16(2);
    const letters = String.fromCharCode(bytes[start + 4], bytes[start + 5]);
    const structural = tag >= structure.item && tag <= structure.sequenceDelimiter;
    let vr = '';
    let length = u32(4);
    let size = 8;
    if (tag === 0 && length === 0 && this.#levels.length === 0) this.#padding = true;
    else if (!structural && this.#hasVR(tag, letters)) {
      vr = letters;
      if (hasLongLength(vr) && letterPair.test(vr)) {
        if (available < 12) return 0;
        size = 12;
        length = u32(8);
      } else length = u16(6);
    }
    if (carried > 0) this.#carry = Buffer.alloc(0);
    if (!this.#padding) this.#element(tag, vr, length);
    return size - carried;
  }

  /**
   * Whether the header of an element has a VR. Below the top level the other encoding is read as what it is: writers
   * leave the items of private sequences, and of UN, as they came to them. A private element without one has a short
   * length, as DCMTK has it.
   *
   * @param letters what stands where the VR would.
   */
  #hasVR(tag: number, letters: string): boolean {
    if (this.#levels.length > 0) return this.#explicit ? letterPair.test(letters) : this.#declared && isVR(letters);
    if (this.#explicit && !letterPair.test(letters) && ((tag >>> 16) & 1) === 0)
      throw this.#unreadable(`no value representation at element ${tag.toString(16).padStart(8, '0')}`);
    return this.#explicit;
  }

  #element(tag: number, vr: string, length: number): void {
    const level = this.#levels.at(-1);
    if (tag === structure.sequenceDelimiter || tag === structure.itemDelimiter) {
      const ends = tag === structure.sequenceDelimiter ? level?.kind !== 'item' : level?.kind === 'item';
      if (!level || !ends) throw this.#unreadable('a delimiter ends nothing');
      this.#levels.pop();
      this.#explicit = level.explicit;
      return;
    }
    if ((level?.kind === 'sequence' || level?.kind === 'fragments') !== (tag === structure.item))
      throw this.#unreadable(
        tag === structure.item ? 'an item outside a sequence' : 'a sequence holds something other than items',
      );
    if (length !== undefinedLength) {
      this.#remaining = length;
      if (level === undefined && this.#wanted.has(tag) && length <= maxValueLength) {
        this.#value = Buffer.alloc(length);
        this.elements.set(tag, this.#value);
        if (length === 0) this.#value = undefined;
      }
      return;
    }
    if (this.#levels.length >= maxDepth) throw this.#unreadable('sequences are nested too deeply');
    const explicit = this.#explicit;
    if (tag === structure.item) {
      if (level!.kind === 'fragments') throw this.#unreadable('a fragment without length');
      this.#levels.push({ kind: 'item', explicit });
    } else if (vr.startsWith('O') || tag === structure.pixelData)
      // Encapsulated pixels, also below the top level (icons) and in private elements.
      this.#levels.push({ kind: 'fragments', explicit });
    else if (vr !== '' && vr !== 'SQ' && vr !== 'UN')
      throw this.#unreadable('an element without length that is not a sequence');
    else {
      this.#levels.push({ kind: 'sequence', explicit });
      // PS3.5 6.2.2, note on UN of undefined length: its items are implicit VR little endian.
      if (vr === 'UN') this.#explicit = false;
    }
  }

  #unreadable(what: string): PrioraError {
    return new PrioraError('DICOM_UNREADABLE', `not a readable data set: ${what} (near byte ${this.#offset})`);
  }
}
