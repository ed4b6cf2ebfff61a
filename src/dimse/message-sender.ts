import { encodeCommandSet, type CommandSet } from './command-set.js';
import { encodeDataHeader } from './pdu-encoder.js';
import { pdvHeaderLength } from './pdu.js';
import type { UpperLayer } from './upper-layer.js';

/** Fragment length towards a peer that accepts PDUs of any length (maximum length 0, PS3.8 D.1.1). */
const unlimitedFragment = 131_072;

/**
 * Sends DIMSE messages: cuts command and data set into PDVs, one per P-DATA-TF, no longer than the peer accepts. One
 * message at a time; fragments of two messages never mix (PS3.8 Annex E).
 */
export class MessageSender {
  readonly #layer: UpperLayer;
  readonly #fragmentLength: number;
  #tail: Promise<void> | null = null;

  /** @param peerMaximumLength the peer's maximum length sub-item; 0 is unlimited. */
  constructor(layer: UpperLayer, peerMaximumLength: number) {
    this.#layer = layer;
    const limit = peerMaximumLength === 0 ? Infinity : peerMaximumLength - pdvHeaderLength;
    const wanted = Math.min(limit, unlimitedFragment);
    // Data elements have even lengths, and so do their fragments.
    this.#fragmentLength = wanted - (wanted % 2);
  }

  /** The best size for the pieces of a data set: whole fragments. */
  get fragmentLength(): number {
    return this.#fragmentLength;
  }

  /**
   * Resolves once the message is with the operating system. The peer's pace limits how fast `dataset` is read.
   *
   * @throws whatever `dataset` throws; half a message is then out, so that the association must be aborted.
   */
  send(contextID: number, command: CommandSet, dataset?: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    const run = () => this.#sendNow(contextID, command, dataset);
    const sent = this.#tail ? this.#tail.then(run, run) : run();
    const tail = sent.finally(() => {
      if (this.#tail === tail) this.#tail = null;
    });
    this.#tail = tail;
    return tail;
  }

  async #sendNow(
    contextID: number,
    command: CommandSet,
    dataset?: AsyncIterable<Buffer> | Iterable<Buffer>,
  ): Promise<void> {
    let out = this.#fragments(contextID, true, encodeCommandSet(command), true);
    if (dataset) {
      // One piece is held back, because only the end of the iteration tells which fragment is the last.
      let previous: Buffer | null = null;
      for await (const piece of dataset) {
        // Whoever waits for the answer hears of the association's end from the invoker.
        if (!this.#layer.writable) return;
        if (previous) {
          out.push(...this.#fragments(contextID, false, previous, false));
          const ready = this.#layer.write(out);
          if (ready) await ready;
          out = [];
        }
        previous = piece;
      }
      out.push(...this.#fragments(contextID, false, previous ?? Buffer.alloc(0), true));
    }
    const ready = this.#layer.write(out);
    if (ready) await ready;
  }

  #fragments(contextID: number, isCommand: boolean, bytes: Buffer, isLast: boolean): Buffer[] {
    const buffers: Buffer[] = [];
    let offset = 0;
    do {
      const data = bytes.subarray(offset, offset + this.#fragmentLength);
      offset += data.length;
      const last = isLast && offset >= bytes.length;
      buffers.push(encodeDataHeader({ contextID, isCommand, isLast: last }, data.length), data);
    } while (offset < bytes.length);
    return buffers;
  }
}
