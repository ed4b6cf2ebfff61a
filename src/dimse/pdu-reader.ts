import { pduHeaderLength, pdvHeaderLength, PDUType } from './pdu.js';
import { checkLength, decodeControl, type DecodedPDU, type Screen } from './pdu-decoder.js';
import { ProtocolError } from './refusal.js';

/** The header of a P-DATA-TF has arrived; its pieces follow. */
export interface DataBegin {
  readonly type: 'data-begin';
}

/** Bytes of one PDV as they arrived: a PDV comes in one piece or in several, and is never copied. */
export interface DataPiece {
  readonly type: 'data';
  readonly contextID: number;
  readonly isCommand: boolean;
  /** These are the last bytes of the message's command or data set. */
  readonly isLast: boolean;
  readonly data: Buffer;
}

export type ReaderItem = DecodedPDU | DataBegin | DataPiece;

/** Unread chunks that are kept as they came; more are joined. */
const maxChunks = 256;

/**
 * Cuts a byte stream into PDUs. Control PDUs are gathered whole (they are short, and their length is checked first);
 * P-DATA-TF passes through piece by piece, so that memory does not depend on what a length field claims.
 *
 * @see PS3.8 9.3
 */
export class PDUReader {
  readonly #maxDataLength: number;
  readonly #screen: Screen | undefined;
  /** Bytes pushed and not yet consumed. */
  #chunks: Buffer[] = [];
  #available = 0;
  /** Control PDU whose header has been read. */
  #control: { type: number; length: number } | null = null;
  /** Bytes left of the current P-DATA-TF, and of the PDV within it. */
  #dataLeft = 0;
  #pdv: { contextID: number; isCommand: boolean; isLast: boolean; left: number } | null = null;

  /**
   * @param maxDataLength largest variable field of a P-DATA-TF that is accepted.
   * @param screen refuses an A-ASSOCIATE-RQ before its items are looked at.
   */
  constructor(maxDataLength: number, screen?: Screen) {
    this.#maxDataLength = maxDataLength;
    this.#screen = screen;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    // A control PDU may arrive in as many chunks as it has bytes, and each costs more than a byte.
    if (this.#chunks.length === maxChunks) this.#chunks = [Buffer.concat(this.#chunks)];
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /**
   * The next item, or null if more bytes are needed.
   *
   * @throws ProtocolError; the stream has then lost its frame, and the reader must not be used again.
   */
  next(): ReaderItem | null {
    if (this.#pdv) return this.#nextPiece(this.#pdv);
    if (this.#dataLeft > 0) return this.#beginPDV();
    if (!this.#control) {
      const header = this.#take(pduHeaderLength);
      if (!header) return null;
      const type = header[0];
      const length = header.readUInt32BE(2);
      checkLength(type, length, this.#maxDataLength);
      if (type === PDUType.DataTF) {
        this.#dataLeft = length;
        return { type: 'data-begin' };
      }
      this.#control = { type, length };
    }
    const body = this.#take(this.#control.length);
    if (!body) return null;
    const { type } = this.#control;
    this.#control = null;
    return decodeControl(type, body, this.#screen);
  }

  #beginPDV(): DataPiece | null {
    if (this.#dataLeft < pdvHeaderLength) throw new ProtocolError('a P-DATA-TF ends within a PDV header');
    const header = this.#take(pdvHeaderLength);
    if (!header) return null;
    const length = header.readUInt32BE(0);
    if (length < 2 || length + 4 > this.#dataLeft) throw new ProtocolError(`a PDV of ${length} bytes in its PDU`);
    const control = header[5];
    this.#dataLeft -= pdvHeaderLength;
    this.#pdv = {
      contextID: header[4],
      isCommand: (control & 1) !== 0,
      isLast: (control & 2) !== 0,
      left: length - 2,
    };
    return this.#nextPiece(this.#pdv);
  }

  #nextPiece(pdv: { contextID: number; isCommand: boolean; isLast: boolean; left: number }): DataPiece | null {
    if (pdv.left > 0 && this.#available === 0) return null;
    const data = this.#takeUpTo(pdv.left);
    pdv.left -= data.length;
    this.#dataLeft -= data.length;
    const complete = pdv.left === 0;
    if (complete) this.#pdv = null;
    return {
      type: 'data',
      contextID: pdv.contextID,
      isCommand: pdv.isCommand,
      isLast: complete && pdv.isLast,
      data,
    };
  }

  /** Exactly `length` bytes, or null if they have not all arrived. Copies only what spans two chunks. */
  #take(length: number): Buffer | null {
    if (this.#available < length) return null;
    const first = this.#takeUpTo(length);
    if (first.length === length) return first;
    const parts = [first];
    for (let left = length - first.length; left > 0; left -= parts[parts.length - 1].length) {
      parts.push(this.#takeUpTo(left));
    }
    return Buffer.concat(parts, length);
  }

  /** At most `length` bytes, all from one chunk. */
  #takeUpTo(length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    const chunk = this.#chunks[0];
    if (chunk.length <= length) {
      this.#chunks.shift();
      this.#available -= chunk.length;
      return chunk;
    }
    this.#chunks[0] = chunk.subarray(length);
    this.#available -= length;
    return chunk.subarray(0, length);
  }
}
