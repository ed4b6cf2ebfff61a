import type { ErrorCode } from '../core/errors.js';

/** What puts a study on hold until an operator has looked at it. */
export type HoldCode = Extract<ErrorCode, 'IDENTITY_CONTRADICTION' | 'TIME_UNKNOWN'>;

/** One reason why a study is on hold. It names what is at fault, never its value, which may identify the patient. */
export interface HoldReason {
  readonly code: HoldCode;
  /** Keyword of the data element that contradicts what is known; null if there is none. */
  readonly attribute: string | null;
}

/** A reason as the index keeps it, together with the decision of the operator who has released the study. */
export interface Hold extends HoldReason {
  readonly heldAt: number;
  /** Null while the study is on hold. */
  readonly acceptedAt: number | null;
  /** Who accepted it; null if that was not recorded. */
  readonly acceptedBy: string | null;
  readonly comment: string | null;
}

/** Why a study is, or was, on hold, as one sentence for an operator; it names data elements, not values. */
export function holdSentence(reasons: readonly HoldReason[]): string {
  const contradicted = reasons.filter(({ code }) => code === 'IDENTITY_CONTRADICTION');
  const named = contradicted.flatMap(({ attribute }) => attribute ?? []);
  const parts: string[] = [];
  if (reasons.some(({ code }) => code === 'TIME_UNKNOWN')) parts.push('no date of acquisition, series or study');
  if (named.length > 0)
    parts.push(`${named.join(', ')} ${named.length === 1 ? 'contradicts' : 'contradict'} what is known`);
  else if (contradicted.length > 0) parts.push('the identity of the patient contradicts what is known');
  return parts.join('; ');
}
