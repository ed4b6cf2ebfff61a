import { PrioraError } from '../core/errors.js';
import type { AssociationInfo, PresentationContext } from './association-info.js';
import { CommandField, type CommandSet } from './command-set.js';
import { Status, type ServiceResponse } from './response.js';
import type { ServiceUser } from './service-user.js';

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
  /**
   * Sends an intermediate response (C-FIND, C-MOVE and C-GET pending).
   *
   * @throws PrioraError CANCELLED once the association is over.
   */
  respond(response: ServiceResponse): Promise<void>;
  /** Aborts when the peer sends C-CANCEL for this request, or when the association ends. */
  readonly signal: AbortSignal;
  /** Asks something of the peer on the same association: the C-STORE sub-operations of a C-GET, an N-EVENT-REPORT. */
  readonly peer: ServiceUser;
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

/** A request with its data set in memory. */
export interface WholeRequest extends ServiceRequest {
  /** In the context's transfer syntax; null if the request has none. */
  readonly dataset: Buffer | null;
}

/** Longest data set of a request that is gathered in memory: identifiers and attribute lists, never images. */
const maxGathered = 4_194_304;
/** What a piece costs beside its bytes. */
const pieceOverhead = 100;

/**
 * A service of the SCP whose requests are short enough to be handled whole: any but C-STORE. A response to N-ACTION and
 * N-EVENT-REPORT repeats their type.
 *
 * @param handler answers; what it throws is answered as in {@link Service.open}.
 */
export function serviceOf(
  commandField: CommandField,
  handler: (request: WholeRequest, exchange: Exchange) => ServiceResponse | Promise<ServiceResponse>,
): Service {
  return {
    commandField,
    open: (request, exchange) => {
      const pieces: Buffer[] = [];
      let cost = 0;
      return {
        write: (chunk) => {
          cost += Math.max(chunk.length, pieceOverhead);
          if (cost > maxGathered)
            throw new PrioraError('DICOM_CLASS_MISMATCH', 'the data set of a request is too long');
          pieces.push(chunk);
        },
        finish: async () => {
          const { ActionTypeID, EventTypeID } = request.command;
          return {
            ...(ActionTypeID === undefined ? {} : { ActionTypeID }),
            ...(EventTypeID === undefined ? {} : { EventTypeID }),
            ...(await handler({ ...request, dataset: request.hasDataset ? Buffer.concat(pieces) : null }, exchange)),
          };
        },
        abort: () => void pieces.splice(0),
      };
    },
  };
}

/** C-ECHO as SCP (PS3.7 9.1.5, PS3.4 Annex A): answers Success. */
export const verificationService: Service = serviceOf(CommandField.C_ECHO_RQ, () => ({ Status: Status.Success }));
