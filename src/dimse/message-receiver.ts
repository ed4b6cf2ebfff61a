import type { PresentationContext } from './association-info.js';
import { CommandField, decodeCommandSet, isResponse, noDataset } from './command-set.js';
import type { Invoker } from './invoker.js';
import type { DataPiece } from './pdu-reader.js';
import type { Performer } from './performer.js';
import { ProtocolError } from './refusal.js';
import type { UpperLayer } from './upper-layer.js';

/**
 * The most fragments of a command set, and fragments without bytes of a data set before its last one. A limit of bytes
 * bounds neither their number nor the socket reads that a few bytes among them keep in memory.
 */
const maxFragments = 4096;
/** Longest command set that is accepted, bytes; a real one has a few hundred. */
const maxCommandLength = 65_536;

/**
 * Assembles PDVs into DIMSE messages: requests go to the performer, responses to the invoker, data sets straight
 * through. A peer that mixes messages, names a context that was not accepted, sends a malformed or overlong command
 * set, or fragments without end, is aborted (PS3.7 7.1, PS3.8 Annex E).
 */
export class MessageReceiver {
  readonly #layer: UpperLayer;
  readonly #contexts: ReadonlyMap<number, PresentationContext>;
  readonly #performer: Performer;
  readonly #invoker: Invoker;
  /** Fragments of the arriving command set. */
  #command: { contextID: number; fragments: Buffer[]; length: number } | null = null;
  /** Who receives the data set that must follow, and on which context. */
  #dataset: { contextID: number; receiver: 'performer' | 'invoker' } | null = null;
  /** The fragments of the current message that {@link maxFragments} limits. */
  #fragments = 0;

  constructor(options: {
    layer: UpperLayer;
    contexts: readonly PresentationContext[];
    performer: Performer;
    invoker: Invoker;
  }) {
    this.#layer = options.layer;
    this.#contexts = new Map(options.contexts.map((context) => [context.id, context]));
    this.#performer = options.performer;
    this.#invoker = options.invoker;
  }

  /** A returned promise holds further input back. */
  receive(piece: DataPiece): void | Promise<void> {
    const context = this.#contexts.get(piece.contextID);
    if (!context) {
      this.#layer.refusePDU(new ProtocolError(`a PDV names presentation context ${piece.contextID}, not accepted`));
      return;
    }
    if (piece.isLast) this.#fragments = 0;
    else if ((piece.isCommand || piece.data.length === 0) && ++this.#fragments > maxFragments) {
      this.#layer.abort(`more than ${maxFragments} fragments of a command set, or without bytes`);
      return;
    }
    return piece.isCommand ? this.#receiveCommand(piece, context) : this.#receiveDataset(piece);
  }

  #receiveCommand(piece: DataPiece, context: PresentationContext): void | Promise<void> {
    if (this.#dataset) {
      this.#layer.abort('a command fragment came where a data set was announced');
      return;
    }
    const command = (this.#command ??= { contextID: piece.contextID, fragments: [], length: 0 });
    if (command.contextID !== piece.contextID) {
      this.#layer.abort('fragments of two command sets are mixed');
      return;
    }
    command.fragments.push(piece.data);
    command.length += piece.data.length;
    if (command.length > maxCommandLength) {
      this.#layer.abort(`a command set of more than ${maxCommandLength} bytes`);
      return;
    }
    if (!piece.isLast) return;
    this.#command = null;
    let decoded: ReturnType<typeof decodeCommandSet>;
    try {
      decoded = decodeCommandSet(
        command.fragments.length === 1 ? command.fragments[0] : Buffer.concat(command.fragments),
      );
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#layer.abort(error.message);
      return;
    }
    const hasDataset = decoded.CommandDataSetType !== noDataset;
    if (isResponse(decoded.CommandField)) {
      if (hasDataset) this.#dataset = { contextID: piece.contextID, receiver: 'invoker' };
      return this.#invoker.receive(decoded, piece.contextID, hasDataset);
    }
    if (hasDataset && decoded.CommandField === CommandField.C_CANCEL_RQ) {
      this.#layer.abort('a C-CANCEL-RQ that announces a data set');
      return;
    }
    if (hasDataset) this.#dataset = { contextID: piece.contextID, receiver: 'performer' };
    return this.#performer.begin(decoded, context, hasDataset);
  }

  #receiveDataset(piece: DataPiece): void | Promise<void> {
    const dataset = this.#dataset;
    if (dataset?.contextID !== piece.contextID) {
      this.#layer.abort('a data set fragment came where none was announced');
      return;
    }
    if (piece.isLast) this.#dataset = null;
    const receiver = dataset.receiver === 'performer' ? this.#performer : this.#invoker;
    return receiver.data(piece.data, piece.isLast);
  }
}
