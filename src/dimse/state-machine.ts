import { encode } from './pdu-encoder.js';
import type { AssociateRQ } from './pdu.js';
import { AbortReason, describeRejection, type Rejection } from './refusal.js';
import { actionFor, type Action, type Event, type State } from './state-table.js';
import type { TransportConnection } from './transport-connection.js';
import {
  abortReasonOf,
  causeOf,
  type LayerEnd,
  type Occurrence,
  type ServicePrimitives,
  type Step,
} from './upper-layer-event.js';

type Transport = Pick<
  TransportConnection,
  'send' | 'sendData' | 'sendLast' | 'hangUp' | 'destroy' | 'startARTIM' | 'stopARTIM'
>;

/** How a broken connection ends: as an association from Sta6 on. */
const outcomeIn = (state: State): LayerEnd['outcome'] =>
  ['Sta2', 'Sta3', 'Sta4', 'Sta5'].includes(state) ? 'refused' : 'aborted';

/**
 * The DICOM upper layer protocol machine: one method for each action of PS3.8 Tables 9-6 to 9-9, carried out where
 * Table 9-10 (`state-table.ts`) says so. The socket is already connected, so AE-1 and AE-2 follow each other.
 *
 * @see PS3.8 9.2
 */
export class StateMachine {
  #state: State = 'Sta1';
  readonly #role: 'requestor' | 'acceptor';
  readonly #transport: Transport;
  readonly #user: ServicePrimitives;
  #request: AssociateRQ | null = null;
  #ended = false;

  constructor(role: 'requestor' | 'acceptor', transport: Transport, user: ServicePrimitives) {
    this.#role = role;
    this.#transport = transport;
    this.#user = user;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether Table 9-10 has an action for `event` now. */
  allows(event: Event): boolean {
    return actionFor(event, this.#state) !== null;
  }

  /** Looks the event up and carries out its action; an event for which the table has no action does nothing. */
  fire(occurrence: Occurrence): void {
    const action = actionFor(occurrence.event, this.#state);
    if (!action) return;
    // Table 9-10 leads each event only to actions that accept what comes with it.
    const actions = this as Record<Action, (step: Step) => void>;
    actions[action]({ ...occurrence, state: this.#state, action });
  }

  // Table 9-6, association establishment

  /** AE-1, associate request in Sta1: open the transport connection. */
  'AE-1'(step: Step<'associate request'>): void {
    this.#request = step.request;
    this.#enter('Sta4', step);
  }

  /** AE-2, transport connected in Sta4: send A-ASSOCIATE-RQ. */
  'AE-2'(step: Step<'transport connected'>): void {
    this.#enter('Sta5', step);
    this.#transport.send(encode(this.#request!));
  }

  /** AE-3, A-ASSOCIATE-AC in Sta5: confirm that the association stands. */
  'AE-3'(step: Step<'A-ASSOCIATE-AC'>): void {
    this.#enter('Sta6', step);
    this.#user.onAssociateAccept(step.answer);
  }

  /** AE-4, A-ASSOCIATE-RJ in Sta5: confirm the rejection, close the transport connection. */
  'AE-4'(step: Step<'A-ASSOCIATE-RJ'>): void {
    this.#enter('Sta1', step);
    this.#close(step, 'refused');
  }

  /** AE-5, transport indication in Sta1: accept the connection, start ARTIM. */
  'AE-5'(step: Step<'transport indication'>): void {
    this.#enter('Sta2', step);
    this.#transport.startARTIM();
  }

  /**
   * AE-6, A-ASSOCIATE-RQ in Sta2: stop ARTIM; indicate the request if it is acceptable to the service provider,
   * else send A-ASSOCIATE-RJ and start ARTIM.
   */
  'AE-6'(step: Step<'A-ASSOCIATE-RQ'>): void {
    this.#transport.stopARTIM();
    const { proposal } = step;
    if (proposal.type === 'rejected-rq') {
      this.#enter('Sta13', step);
      this.#reject(proposal.rejection);
      return;
    }
    this.#enter('Sta3', step);
    this.#user.onAssociateRequest(proposal);
  }

  /** AE-7, associate accept in Sta3: send A-ASSOCIATE-AC. */
  'AE-7'(step: Step<'associate accept'>): void {
    this.#enter('Sta6', step);
    this.#transport.send(encode(step.answer));
  }

  /** AE-8, associate reject in Sta3: send A-ASSOCIATE-RJ, start ARTIM. */
  'AE-8'(step: Step<'associate reject'>): void {
    this.#enter('Sta13', step);
    this.#reject(step.rejection);
  }

  // Table 9-7, data transfer

  /** DT-1, data request in Sta6: send P-DATA-TF. */
  'DT-1'(step: Step<'data request'>): void {
    this.#enter('Sta6', step);
    this.#transport.sendData(step.pdus);
  }

  /** DT-2, P-DATA-TF in Sta6: its data are indicated piece by piece as they arrive. */
  'DT-2'(step: Step<'P-DATA-TF'>): void {
    this.#enter('Sta6', step);
  }

  // Table 9-8, association release

  /** AR-1, release request in Sta6: send A-RELEASE-RQ. */
  'AR-1'(step: Step<'release request'>): void {
    this.#enter('Sta7', step);
    this.#transport.send(encode({ type: 'release-rq' }));
  }

  /** AR-2, A-RELEASE-RQ in Sta6: indicate the release. */
  'AR-2'(step: Step<'A-RELEASE-RQ'>): void {
    this.#enter('Sta8', step);
    this.#user.onReleaseRequest();
  }

  /** AR-3, A-RELEASE-RP in Sta7 or Sta11: confirm the release, close the transport connection. */
  'AR-3'(step: Step<'A-RELEASE-RP'>): void {
    this.#enter('Sta1', step);
    this.#close(step, 'released');
  }

  /** AR-4, release response in Sta8 or Sta12: send A-RELEASE-RP, start ARTIM. */
  'AR-4'(step: Step<'release response'>): void {
    this.#enter('Sta13', step);
    this.#transport.send(encode({ type: 'release-rp' }));
    this.#transport.startARTIM();
    this.#end(step, 'released');
  }

  /** AR-5, transport closed in Sta13: stop ARTIM. */
  'AR-5'(step: Step<'transport closed'>): void {
    this.#enter('Sta1', step);
    this.#transport.stopARTIM();
  }

  /** AR-6, P-DATA-TF in Sta7: its data are indicated piece by piece as they arrive. */
  'AR-6'(step: Step<'P-DATA-TF'>): void {
    this.#enter('Sta7', step);
  }

  /** AR-7, data request in Sta8: send P-DATA-TF. */
  'AR-7'(step: Step<'data request'>): void {
    this.#enter('Sta8', step);
    this.#transport.sendData(step.pdus);
  }

  /**
   * AR-8, A-RELEASE-RQ in Sta7 (release collision): the requestor indicates the release; the acceptor's user hears of
   * it when it can answer, with AR-10.
   */
  'AR-8'(step: Step<'A-RELEASE-RQ'>): void {
    this.#enter(this.#role === 'requestor' ? 'Sta9' : 'Sta10', step);
    if (this.#role === 'requestor') this.#user.onReleaseRequest();
  }

  /** AR-9, release response in Sta9: send A-RELEASE-RP. */
  'AR-9'(step: Step<'release response'>): void {
    this.#enter('Sta11', step);
    this.#transport.send(encode({ type: 'release-rp' }));
  }

  /** AR-10, A-RELEASE-RP in Sta10: confirm the release; the peer still waits for our response to its own. */
  'AR-10'(step: Step<'A-RELEASE-RP'>): void {
    this.#enter('Sta12', step);
    this.#user.onReleaseRequest();
  }

  // Table 9-9, association abort

  /**
   * AA-1, abort request in Sta3 and Sta5 to Sta12, or any PDU but A-ASSOCIATE-RQ and A-ABORT in Sta2: send A-ABORT
   * (service user), start ARTIM.
   */
  'AA-1'(step: Step): void {
    this.#enter('Sta13', step);
    this.#abort(step, 0, AbortReason.NotSpecified);
  }

  /** AA-2, A-ABORT or ARTIM expired in Sta2 and Sta13, abort request in Sta4: stop ARTIM, close the transport connection. */
  'AA-2'(step: Step): void {
    this.#enter('Sta1', step);
    this.#transport.stopARTIM();
    this.#end(step, outcomeIn(step.state));
    this.#transport.destroy();
  }

  /** AA-3, A-ABORT in Sta3 and Sta5 to Sta12: indicate the abort, close the transport connection. */
  'AA-3'(step: Step<'A-ABORT'>): void {
    this.#enter('Sta1', step);
    this.#close(step, outcomeIn(step.state));
  }

  /** AA-4, transport closed in Sta3 to Sta12: indicate a provider abort. */
  'AA-4'(step: Step<'transport closed'>): void {
    this.#enter('Sta1', step);
    this.#end(step, outcomeIn(step.state));
  }

  /** AA-5, transport closed in Sta2: stop ARTIM. */
  'AA-5'(step: Step<'transport closed'>): void {
    this.#enter('Sta1', step);
    this.#transport.stopARTIM();
    this.#end(step, 'refused');
  }

  /** AA-6, A-ASSOCIATE-AC or -RJ, P-DATA-TF, A-RELEASE-RQ or -RP in Sta13: ignore it. */
  'AA-6'(step: Step): void {
    this.#enter('Sta13', step);
  }

  /** AA-7, A-ASSOCIATE-RQ or an invalid PDU in Sta13: send A-ABORT. */
  'AA-7'(step: Step): void {
    this.#enter('Sta13', step);
    this.#transport.sendLast(encode({ type: 'abort', source: 2, reason: abortReasonOf(step) }));
  }

  /**
   * AA-8, an unexpected or invalid PDU in Sta3 and Sta5 to Sta12: send A-ABORT (service provider), indicate a provider
   * abort, start ARTIM.
   */
  'AA-8'(step: Step): void {
    this.#enter('Sta13', step);
    this.#abort(step, 2, abortReasonOf(step));
  }

  #enter(next: State, { state, event, action }: Step): void {
    this.#state = next;
    this.#user.onTransition({ state, event, action, next });
  }

  #reject(rejection: Rejection): void {
    this.#transport.send(encode({ type: 'associate-rj', ...rejection }));
    this.#transport.startARTIM();
    this.#tellEnd({ outcome: 'refused', by: 'local', reason: describeRejection(rejection) });
  }

  #abort(step: Step, source: number, reason: AbortReason): void {
    this.#transport.sendLast(encode({ type: 'abort', source, reason }));
    this.#transport.startARTIM();
    this.#end(step, outcomeIn(step.state));
  }

  #close(step: Step, outcome: LayerEnd['outcome']): void {
    this.#end(step, outcome);
    this.#transport.hangUp();
    // A peer that keeps its half open is not waited for longer than ARTIM.
    this.#transport.startARTIM();
  }

  #end(step: Step, outcome: LayerEnd['outcome']): void {
    this.#tellEnd(
      outcome === 'released' ? { outcome, by: 'local', reason: 'released' } : { outcome, ...causeOf(step) },
    );
  }

  #tellEnd(end: LayerEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#user.onEnd(end);
  }
}
