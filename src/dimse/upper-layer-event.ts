import type { Logger } from '../core/log.js';
import type { Abort, AssociateAC, AssociateRJ, AssociateRQ } from './pdu.js';
import type { RejectedRQ } from './pdu-decoder.js';
import { AbortReason, describeAbort, describeRejection, type ProtocolError, type Rejection } from './refusal.js';
import type { Action, Event, State } from './state-table.js';

/** What comes with each event. */
interface Subjects {
  'associate request': { request: AssociateRQ };
  'transport connected': object;
  'A-ASSOCIATE-AC': { answer: AssociateAC };
  'A-ASSOCIATE-RJ': { rejection: AssociateRJ };
  'transport indication': object;
  'A-ASSOCIATE-RQ': { proposal: AssociateRQ | RejectedRQ };
  'associate accept': { answer: AssociateAC };
  'associate reject': { rejection: Rejection };
  'data request': { pdus: readonly Buffer[] };
  'P-DATA-TF': object;
  'release request': object;
  'A-RELEASE-RQ': object;
  'A-RELEASE-RP': object;
  'release response': object;
  'abort request': { reason: string };
  'A-ABORT': { abort: Abort };
  'transport closed': { by: LayerEnd['by']; reason: string };
  'ARTIM expired': { reason: string };
  'invalid PDU': { error: ProtocolError };
}

/** An event as it happened. */
export type Occurrence<E extends Event = Event> = { [Each in E]: { event: Each } & Subjects[Each] }[E];
/** An event on its way through the state machine. */
export type Step<E extends Event = Event> = Occurrence<E> & { readonly state: State; readonly action: Action };

/** One line of the state machine's log. */
export interface Transition {
  readonly state: State;
  readonly event: Event;
  readonly action: Action;
  readonly next: State;
}

/** How a connection ended, reported once. `refused`: it never became an association. */
export interface LayerEnd {
  readonly outcome: 'released' | 'aborted' | 'refused';
  /** `peer`: it aborted or rejected; `transport`: the connection broke; `local`: we ended it. */
  readonly by: 'peer' | 'transport' | 'local';
  readonly reason: string;
}

/** The indications and confirmations of PS3.8 7 that the actions issue. */
export interface ServicePrimitives {
  onAssociateRequest(request: AssociateRQ): void;
  onAssociateAccept(answer: AssociateAC): void;
  onReleaseRequest(): void;
  /** The connection cannot be used any more; called exactly once. */
  onEnd(end: LayerEnd): void;
  onTransition(transition: Transition): void;
}

/** Why we abort as the service provider. */
export const abortReasonOf = (step: Step): AbortReason =>
  step.event === 'invalid PDU' ? step.error.abortReason : AbortReason.UnexpectedPDU;

/** Who ended a connection, and why, in the operator's words. */
export function causeOf(step: Step): Pick<LayerEnd, 'by' | 'reason'> {
  if (step.event === 'A-ASSOCIATE-RJ') return { by: 'peer', reason: describeRejection(step.rejection) };
  if (step.event === 'A-ABORT') return { by: 'peer', reason: describeAbort(step.abort) };
  if (step.event === 'transport closed') return { by: step.by, reason: step.reason };
  if (step.event === 'invalid PDU') return { by: 'local', reason: step.error.message };
  if (step.event === 'abort request' || step.event === 'ARTIM expired') return { by: 'local', reason: step.reason };
  return { by: 'local', reason: `${step.event} in state ${step.state}` };
}

/**
 * A hook that logs each transition of a state machine at `debug`: state, event, action, next state.
 *
 * @param subject whose machine it is: association, AE titles, peer.
 */
export function logTransitions(logger: Logger, subject: () => object): (transition: Transition) => void {
  return (transition) => {
    if (!logger.isLevelEnabled('debug')) return;
    const { state, event, action, next } = transition;
    logger.debug({ ...subject(), ...transition }, `${event} in ${state}: ${action}, then ${next}`);
  };
}
