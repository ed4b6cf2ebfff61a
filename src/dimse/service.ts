import type { AssociationInfo, PresentationContext } from './association-info.js';
import type { CommandField, CommandSet } from './command-set.js';

/** The answer of a service: the command set of the response without the elements that the layer fills in itself. */
export interface ServiceResponse extends CommandSet {
  /**
   * PS3.7 Annex C, PS3.4 Table B.2-1: 0x0000 Success, 0xBxxx warning, 0xAxxx/0xCxxx/0x01xx failure. At most 64
   * characters of an ErrorComment are sent; it never holds PHI.
   */
  readonly Status: number;
}

/**
 * Takes the data set of a request as it arrives. Calls come one at a time and in order; exactly one of `finish` and
 * `abort` is called last.
 */
export interface DatasetSink {
  /**
   * The next bytes of the data set, in the context's transfer syntax, without preamble or file meta information. The
   * sink may keep the buffer; it is not reused. A returned promise holds the peer back (TCP back-pressure) until it
   * resolves. A rejection is answered with its `PrioraError.dimseStatus`; the rest of the data set is then read and
   * dropped.
   */
  write(chunk: Buffer): void | Promise<void>;
  /**
   * The data set is complete. The peer is answered with what this resolves to; a rejection is treated as for `write`.
   */
  finish(): Promise<ServiceResponse>;
  /** The data set will not be completed (peer gone, association aborted, or an earlier `write` failed). Must not throw. */
  abort(reason: string): void | Promise<void>;
}

/** A decoded DIMSE request and where it came from. */
export interface ServiceRequest {
  readonly commandField: number;
  readonly messageID: number;
  readonly presentationContext: PresentationContext;
  readonly association: AssociationInfo;
  /** The command set by keyword (PS3.7 E.1). */
  readonly command: CommandSet;
  readonly hasDataset: boolean;
}

/** What a service may do while a request is in progress, besides its final answer. */
export interface Exchange {
  /** Sends an intermediate response (C-FIND, C-MOVE and C-GET pending), with its identifier's bytes if there is one. */
  respond(response: ServiceResponse, dataset?: Buffer): Promise<void>;
  /** Aborts when the peer sends C-CANCEL for this request, or when the association ends. */
  readonly signal: AbortSignal;
}

/** One DIMSE service of the SCP, chosen by the request's CommandField. */
export interface Service {
  readonly commandField: CommandField;
  /**
   * Opens the request. A rejection is answered with its `PrioraError.dimseStatus`, and the data set, if any, is dropped.
   * Without a data set `finish` follows at once.
   */
  open(request: ServiceRequest, exchange: Exchange): DatasetSink | Promise<DatasetSink>;
}
