import { withoutPadding } from '../dicom/padding.js';
import { ProtocolError } from './refusal.js';

/** Longest text that a field may hold: UIDs and names have at most 64 characters, and peers pad them. */
const maxTextLength = 128;

/**
 * Reads big-endian fields from bytes and refuses to read past their end, so that a decoder is a list of fields.
 *
 * @throws ProtocolError, invalid parameter value, from each read that does not fit.
 */
export class ByteCursor {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#take(1).readUInt8();
  }

  uint16(): number {
    return this.#take(2).readUInt16BE();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  skip(length: number): void {
    this.#take(length);
  }

  bytesOf(length: number): Buffer {
    return this.#take(length);
  }

  /** The next `length` bytes as a cursor of their own, so that the field cannot leak into what follows. */
  part(length: number): ByteCursor {
    return new ByteCursor(this.#take(length));
  }

  /**
   * ASCII text; padding (spaces and NULs on either side) is not significant (PS3.8 9.3.2, Annex F).
   *
   * @throws ProtocolError also if it is longer than any text the standard allows.
   */
  text(length: number): string {
    if (length > maxTextLength) throw new ProtocolError(`a text field of ${length} bytes`);
    return withoutPadding(this.#take(length).toString('latin1'));
  }

  #take(length: number): Buffer {
    if (length > this.remaining) {
      throw new ProtocolError(`a field of ${length} bytes does not fit in the ${this.remaining} bytes left`);
    }
    const taken = this.bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return taken;
  }
}
