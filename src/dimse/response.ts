import { asPrioraError } from '../core/errors.js';
import type { CommandSet } from './command-set.js';

/** A response: the answer of a service, without the elements that the layer fills in itself, or what a peer answered us. */
export interface ServiceResponse extends CommandSet {
  /**
   * PS3.7 Annex C, PS3.4 Table B.2-1: 0x0000 Success, 0xBxxx warning, 0xAxxx/0xCxxx/0x01xx failure. At most 64
   * characters of an ErrorComment are sent; it never holds PHI.
   */
  readonly Status: number;
  /** The response's data set (an identifier, an attribute list, a reply), in the context's transfer syntax. [none] */
  readonly dataset?: Buffer;
}

/** Statuses that the layer itself gives (PS3.7 Annex C, PS3.4 Tables C.4-1 to C.4-3). */
export const Status = {
  Success: 0x0000,
  Pending: 0xff00,
  Cancel: 0xfe00,
  UnrecognizedOperation: 0x0211,
  UnableToPerformSubOperations: 0xa702,
  MoveDestinationUnknown: 0xa801,
  SubOperationsWithFailures: 0xb000,
} as const;

/** Success, or a warning: the peer has the object (PS3.7 C.1, C.2). */
export const isDelivered = (status: number): boolean => status === Status.Success || (status & 0xf000) === 0xb000;

/** More responses follow (PS3.7 C.3: 0xFF00 and 0xFF01). */
export const isPending = (status: number): boolean => (status & 0xff00) === 0xff00;

/** E.g. `0xA700`. */
export const statusText = (status: number): string => `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;

/** A handler's rejection as the peer hears of it: the catalogue's status, and the message if the error is ours. */
export function responseFor(error: unknown): ServiceResponse {
  const known = asPrioraError(error);
  return {
    Status: known.dimseStatus,
    ErrorComment: known.code === 'INTERNAL' ? known.code : `${known.code}: ${known.message}`,
  };
}
