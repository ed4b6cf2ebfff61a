import type { Abort, AssociateRJ } from './pdu.js';

/**
 * How an association is rejected (A-ASSOCIATE-RJ) and how it is aborted (A-ABORT): the values of PS3.8 Tables 9-21 and
 * 9-26, and what the operator reads about them.
 */

/** Reason of an A-ABORT whose source is the service provider (PS3.8 9.3.8, Table 9-26). */
export const AbortReason = {
  NotSpecified: 0x00,
  UnrecognizedPDU: 0x01,
  UnexpectedPDU: 0x02,
  UnrecognizedParameter: 0x04,
  UnexpectedParameter: 0x05,
  InvalidParameterValue: 0x06,
} as const;

export type AbortReason = (typeof AbortReason)[keyof typeof AbortReason];

/** A peer violated PS3.8: the association is aborted with `abortReason`. Never leaves this folder. */
export class ProtocolError extends Error {
  readonly abortReason: AbortReason;

  constructor(message: string, abortReason: AbortReason = AbortReason.InvalidParameterValue) {
    super(message);
    this.name = 'ProtocolError';
    this.abortReason = abortReason;
  }
}

/** The content of an A-ASSOCIATE-RJ. */
export type Rejection = Omit<AssociateRJ, 'type'>;

/** The rejections this node gives (PS3.8 Table 9-21): result 1 permanent, 2 transient; source 1 user, 2 ACSE, 3 presentation. */
export const Rejections = {
  ApplicationContextNotSupported: { result: 1, source: 1, reason: 2 },
  CallingAETitleNotRecognized: { result: 1, source: 1, reason: 3 },
  CalledAETitleNotRecognized: { result: 1, source: 1, reason: 7 },
  ProtocolVersionNotSupported: { result: 1, source: 2, reason: 2 },
  LocalLimitExceeded: { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, Rejection>;

const sources: Record<number, string> = { 1: 'service user', 2: 'service provider, ACSE', 3: 'service provider' };
const rejectionReasons: Record<number, Record<number, string>> = {
  1: {
    1: 'no reason given',
    2: 'application context name not supported',
    3: 'calling AE title not recognized',
    7: 'called AE title not recognized',
  },
  2: { 1: 'no reason given', 2: 'protocol version not supported' },
  3: { 1: 'temporary congestion', 2: 'local limit exceeded' },
};

/** E.g. `rejected permanently by the service user: called AE title not recognized`. */
export function describeRejection({ result, source, reason }: Rejection): string {
  const manner = result === 2 ? 'transiently' : 'permanently';
  const by = sources[source] ?? `source ${source}`;
  return `rejected ${manner} by the ${by}: ${rejectionReasons[source]?.[reason] ?? `reason ${reason}`}`;
}

const abortReasons: Record<number, string> = {
  [AbortReason.NotSpecified]: 'reason not specified',
  [AbortReason.UnrecognizedPDU]: 'unrecognized PDU',
  [AbortReason.UnexpectedPDU]: 'unexpected PDU',
  [AbortReason.UnrecognizedParameter]: 'unrecognized PDU parameter',
  [AbortReason.UnexpectedParameter]: 'unexpected PDU parameter',
  [AbortReason.InvalidParameterValue]: 'invalid PDU parameter value',
};

/** E.g. `A-ABORT from the service provider: unexpected PDU`. */
export function describeAbort({ source, reason }: Omit<Abort, 'type'>): string {
  return source === 2
    ? `A-ABORT from the service provider: ${abortReasons[reason] ?? `reason ${reason}`}`
    : 'A-ABORT from the service user';
}
