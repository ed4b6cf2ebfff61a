import { PrioraError } from '../core/errors.js';
import { attributeByTag } from './dictionary.js';
import { hasLongLength, isVR, structure, undefinedLength } from './encoding.js';
import { TransferSyntax } from './uid.js';

const maxDepth = 64;
/** The longest value whose length fits into the 16 bits that most VRs have. */
const maxShortLength = 0xfffe;
const pixelRepresentation = 0x00280103;
const itemHeader = header(structure.item, undefinedLength);
const itemEnd = header(structure.itemDelimiter, 0);
const sequenceEnd = header(structure.sequenceDelimiter, 0);

/** A data set, a sequence or an item that is under way. */
interface Level {
  readonly kind: 'dataset' | 'sequence' | 'item';
  /** Where it ends in the source; null if a delimiter ends it. */
  readonly end: number | null;
  /** How its source is encoded: what UN of undefined length holds is implicit, also in an explicit data set. */
  readonly explicit: boolean;
  /** PixelRepresentation, which decides between US and SS: that of the nearest data set around that has one. */
  signed: boolean;
}

/** Transfer syntaxes that differ in nothing but where VRs are written. */
const syntaxes: ReadonlySet<string> = new Set([
  TransferSyntax.ExplicitVRLittleEndian,
  TransferSyntax.ImplicitVRLittleEndian,
]);

/** Whether a data set in `from` can be written in `to` without loss. */
export const isConvertible = (from: string, to: string): boolean =>
  from === to || (syntaxes.has(from) && syntaxes.has(to));

/**
 * A data set in `to`, piece by piece as it is read.
 *
 * @throws PrioraError DICOM_UNREADABLE as {@link VRConverter}
 */
export async function* converted(
  dataset: AsyncIterable<Buffer> | Iterable<Buffer>,
  from: string,
  to: string,
): AsyncGenerator<Buffer, void, undefined> {
  if (from === to) {
    yield* dataset;
    return;
  }
  const converter = new VRConverter(from === TransferSyntax.ExplicitVRLittleEndian);
  for await (const chunk of dataset) yield Buffer.concat(converter.push(chunk));
  yield Buffer.concat(converter.end());
}

/**
 * Writes a data set of Explicit VR Little Endian as Implicit VR, or the reverse (PS3.5 7.1, Annex A).
 *
 * - Values keep their bytes, private and unknown elements too.
 * - Sequences and items end with delimiters: their lengths change, and are not known before their ends (7.5).
 * - Group lengths, which would be wrong, are left out (7.2 has them retired), and so are zeros after the last element.
 * - Implicit → Explicit: a standard element has its VR of PS3.6, where that depends on PixelRepresentation the right one,
 *   and OW for bytes or words; a private creator is LO; what has no length is SQ; any other is UN (6.2.2), as is a value
 *   too long for its VR's length field.
 */
export class VRConverter {
  readonly #toExplicit: boolean;
  readonly #levels: Level[];
  /** Bytes of the source that are behind us. */
  #offset = 0;
  /** Beginning of a header that the last chunk cut. */
  #carry: Buffer = Buffer.alloc(0);
  /** Bytes of the present value still to come. */
  #remaining = 0;
  /** The present value is left out. */
  #dropped = false;
  /** Bytes of PixelRepresentation as they come. */
  #representation: Buffer | null = null;
  #out: Buffer[] = [];

  /** @param fromExplicit what the source is. */
  constructor(fromExplicit: boolean) {
    this.#toExplicit = !fromExplicit;
    this.#levels = [{ kind: 'dataset', end: null, explicit: fromExplicit, signed: false }];
  }

  /**
   * The next bytes of the source.
   *
   * @returns what has come out of them.
   * @throws PrioraError DICOM_UNREADABLE when they are no data set.
   */
  push(chunk: Buffer): Buffer[] {
    let rest = this.#carry.length > 0 ? Buffer.concat([this.#carry, chunk]) : chunk;
    this.#carry = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#remaining > 0) {
        rest = this.#pass(rest);
        continue;
      }
      const size = this.#element(rest);
      if (size === 0) {
        this.#carry = Buffer.from(rest);
        break;
      }
      rest = rest.subarray(size);
    }
    return this.#taken();
  }

  /**
   * The source is at its end.
   *
   * @returns what is still to be written.
   * @throws PrioraError DICOM_UNREADABLE when the source is truncated.
   */
  end(): Buffer[] {
    this.#closeEnded();
    if (this.#remaining > 0 || !isZero(this.#carry) || this.#levels.length > 1)
      throw this.#unreadable('it ends inside an element');
    return this.#taken();
  }

  /** Lets a value through, as far as it has come. */
  #pass(bytes: Buffer): Buffer {
    const value = bytes.subarray(0, this.#remaining);
    if (!this.#dropped) this.#out.push(value);
    if (this.#representation) this.#representation = Buffer.concat([this.#representation, value]);
    this.#advance(value.length);
    this.#remaining -= value.length;
    if (this.#remaining === 0 && this.#representation) {
      this.#level.signed = this.#representation[0] === 1;
      this.#representation = null;
    }
    if (this.#remaining === 0) this.#closeEnded();
    return bytes.subarray(value.length);
  }

  /** Reads and writes the header of one element, item or delimiter; returns its bytes, 0 when they have not all come. */
  #element(bytes: Buffer): number {
    if (bytes.length < 8) return 0;
    const tag = bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2);
    if (this.#levels.length === 1 && isZero(bytes.subarray(0, 8))) {
      this.#advance(8);
      return 8;
    }
    if (tag === structure.item || tag === structure.itemDelimiter || tag === structure.sequenceDelimiter) {
      this.#advance(8);
      if (tag === structure.item) this.#beginItem(bytes.readUInt32LE(4));
      else this.#endByDelimiter(tag);
      this.#closeEnded();
      return 8;
    }
    const level = this.#level;
    if (level.kind === 'sequence') throw this.#unreadable('a sequence holds something else than items');
    let size = 8;
    let length = bytes.readUInt32LE(4);
    let vr: string;
    if (level.explicit) {
      vr = bytes.toString('latin1', 4, 6);
      if (!isVR(vr)) throw this.#unreadable(`element ${hex(tag)} has no value representation`);
      if (hasLongLength(vr)) {
        if (bytes.length < 12) return 0;
        size = 12;
        length = bytes.readUInt32LE(8);
      } else length = bytes.readUInt16LE(6);
    } else vr = implicitVR(tag, length, level.signed);
    this.#advance(size);
    this.#begin(tag, vr, length);
    this.#closeEnded();
    return size;
  }

  #begin(tag: number, vr: string, length: number): void {
    const level = this.#level;
    if (vr === 'SQ' || length === undefinedLength) {
      if (vr !== 'SQ' && (vr !== 'UN' || !level.explicit))
        throw this.#unreadable(`element ${hex(tag)} has no length and is no sequence`);
      this.#out.push(this.#toExplicit ? explicitHeader(tag, 'SQ', undefinedLength) : header(tag, undefinedLength));
      this.#open('sequence', length, level.explicit && vr !== 'UN');
      return;
    }
    if (level.end !== null && this.#offset + length > level.end)
      throw this.#unreadable(`element ${hex(tag)} is longer than its item`);
    this.#remaining = length;
    // Group lengths; (0000,0000) can be none here.
    this.#dropped = (tag & 0xffff) === 0;
    if (tag === pixelRepresentation && length === 2) this.#representation = Buffer.alloc(0);
    if (this.#dropped) return;
    const fits = length <= maxShortLength || hasLongLength(vr);
    this.#out.push(this.#toExplicit ? explicitHeader(tag, fits ? vr : 'UN', length) : header(tag, length));
  }

  #beginItem(length: number): void {
    if (this.#level.kind !== 'sequence') throw this.#unreadable('an item outside a sequence');
    this.#out.push(itemHeader);
    this.#open('item', length, this.#level.explicit);
  }

  #open(kind: 'sequence' | 'item', length: number, explicit: boolean): void {
    if (this.#levels.length >= maxDepth) throw this.#unreadable('sequences are nested too deeply');
    const { end: outerEnd, signed } = this.#level;
    const end = length === undefinedLength ? null : this.#offset + length;
    if (end !== null && outerEnd !== null && end > outerEnd)
      throw this.#unreadable(`a ${kind} is longer than its place`);
    this.#levels.push({ kind, end, explicit, signed });
  }

  #endByDelimiter(tag: number): void {
    const { kind, end } = this.#level;
    const ends = tag === structure.itemDelimiter ? kind === 'item' : kind === 'sequence';
    if (!ends || end !== null) throw this.#unreadable('a delimiter ends nothing');
    this.#close();
  }

  /** Ends what ends here by its length. */
  #closeEnded(): void {
    while (this.#remaining === 0 && this.#level.end !== null && this.#offset >= this.#level.end) {
      if (this.#offset > this.#level.end) throw this.#unreadable('an element is longer than its item');
      this.#close();
    }
  }

  #close(): void {
    this.#out.push(this.#levels.pop()!.kind === 'item' ? itemEnd : sequenceEnd);
  }

  get #level(): Level {
    return this.#levels[this.#levels.length - 1];
  }

  #advance(bytes: number): void {
    this.#offset += bytes;
  }

  #taken(): Buffer[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #unreadable(what: string): PrioraError {
    return new PrioraError('DICOM_UNREADABLE', `not a readable data set: ${what} (near byte ${this.#offset})`);
  }
}

/** Some writers fill a file up with zeros. */
const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0);
const hex = (tag: number) => tag.toString(16).toUpperCase().padStart(8, '0');

/** A header of 8 bytes: of an element in Implicit VR, an item or a delimiter. */
function header(tag: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

function explicitHeader(tag: number, vr: string, length: number): Buffer {
  const bytes = Buffer.alloc(hasLongLength(vr) ? 12 : 8);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  bytes.write(vr, 4, 'latin1');
  if (hasLongLength(vr)) bytes.writeUInt32LE(length, 8);
  else bytes.writeUInt16LE(length, 6);
  return bytes;
}

/** The VR of an element whose source has none. */
function implicitVR(tag: number, length: number, signed: boolean): string {
  const group = tag >>> 16;
  const element = tag & 0xffff;
  if (group % 2 === 1) {
    if (length === undefinedLength) return 'SQ';
    return element >= 0x10 && element <= 0xff ? 'LO' : 'UN';
  }
  // Overlays and curves repeat their elements in groups of their own (PS3.5 7.6).
  const repeating = (group & 0xff00) === 0x6000 || (group & 0xff00) === 0x5000;
  const vr = attributeByTag(hex(repeating ? (group & 0xff00) * 0x10000 + element : tag))?.vr;
  switch (vr) {
    case undefined:
      return length === undefinedLength ? 'SQ' : 'UN';
    case 'xs':
      return signed ? 'SS' : 'US';
    case 'ox':
    case 'lt':
      return 'OW';
    default:
      return isVR(vr) ? vr : 'UN';
  }
}
