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

/** A peer broke PS3.8: the association is aborted with `abortReason`. Never leaves this folder. */
export class ProtocolError extends Error {
  readonly abortReason: AbortReason;

  constructor(message: string, abortReason: AbortReason = AbortReason.InvalidParameterValue) {
    super(message);
    this.name = 'ProtocolError';
    this.abortReason = abortReason;
  }
}
