import type { Abort, AssociateRJ } from './pdu.js';

type Rejection = Omit<AssociateRJ, 'type'>;

/** The rejections this node gives (PS3.8 Table 9-21): result 1 permanent, 2 transient; source 1 user, 2 ACSE, 3 presentation. */
export const Rejections = {
  ApplicationContextNotSupported: { result: 1, source: 1, reason: 2 },
  CallingAETitleNotRecognized: { result: 1, source: 1, reason: 3 },
  CalledAETitleNotRecognized: { result: 1, source: 1, reason: 7 },
  ProtocolVersionNotSupported: { result: 1, source: 2, reason: 2 },
  LocalLimitExceeded: { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, Rejection>;

const sources: Record<number, string> = { 1: 'service user', 2: 'service provider, ACSE', 3: 'service provider' };
const reasons: Record<number, Record<number, string>> = {
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
  return `rejected ${manner} by the ${sources[source] ?? `source ${source}`}: ${reasons[source]?.[reason] ?? `reason ${reason}`}`;
}

const abortReasons: Record<number, string> = {
  0: 'reason not specified',
  1: 'unrecognized PDU',
  2: 'unexpected PDU',
  4: 'unrecognized PDU parameter',
  5: 'unexpected PDU parameter',
  6: 'invalid PDU parameter value',
};

/** E.g. `A-ABORT from the service provider: unexpected PDU` (PS3.8 Table 9-26). */
export function describeAbort({ source, reason }: Omit<Abort, 'type'>): string {
  return source === 2
    ? `A-ABORT from the service provider: ${abortReasons[reason] ?? `reason ${reason}`}`
    : 'A-ABORT from the service user';
}
