import { asPrioraError } from '../core/errors.js';
import type { ServiceResponse } from './service.js';

/** Statuses that the layer itself gives (PS3.7 Annex C). */
export const Status = {
  Success: 0x0000,
  Pending: 0xff00,
  Cancel: 0xfe00,
  UnrecognizedOperation: 0x0211,
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
