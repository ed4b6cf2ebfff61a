import type { Socket } from 'node:net';
import type { Screen } from './pdu-decoder.js';
import type { DataPiece, ReaderItem } from './pdu-reader.js';
import type { AssociateAC, AssociateRQ } from './pdu.js';
import type { ProtocolError, Rejection } from './refusal.js';
import { StateMachine } from './state-machine.js';
import type { State } from './state-table.js';
import { TransportConnection, type TransportUser } from './transport-connection.js';
import type { LayerEnd, ServicePrimitives, Transition } from './upper-layer-event.js';

/** The user of the upper layer: the indications and confirmations of PS3.8 7. */
export interface UpperLayerUser {
  /** Refuses an A-ASSOCIATE-RQ because of its fixed fields, before the rest is decoded. [nobody is refused] */
  readonly screen?: Screen;
  onAssociateRequest?(request: AssociateRQ): void;
  onAssociateAccept?(answer: AssociateAC): void;
  /** A returned promise holds further input back until it settles. */
  onData(piece: DataPiece): void | Promise<void>;
  /** As {@link onData}. {@link UpperLayer.respondRelease} answers. */
  onReleaseRequest(): void | Promise<void>;
  /** The connection cannot be used any more; called exactly once. */
  onEnd(end: LayerEnd): void;
  /** A hook for the log. */
  onTransition(transition: Transition): void;
  /** Something of ours threw; the connection is given up. */
  onFault(error: unknown): void;
}

export interface UpperLayerOptions {
  readonly maxPDULength: number;
  readonly artimTimeoutMs: number;
  /** Silence of the peer that is allowed while {@link UpperLayer.expectPeer} says that it is its turn. */
  readonly idleTimeoutMs: number;
  /** Asks the kernel to acknowledge at once; belongs to the plain TCP socket, if `socket` is a TLS socket. */
  readonly acknowledge?: (() => void) | null;
  /** The request to send; without one we are the acceptor. */
  readonly request?: AssociateRQ;
}

/**
 * The DICOM upper layer on one connected socket: what its user asks for and what the peer sends become events of the
 * {@link StateMachine}.
 *
 * @see PS3.8 7, 9.2
 */
export class UpperLayer implements TransportUser {
  readonly #user: UpperLayerUser;
  readonly #options: UpperLayerOptions;
  readonly #transport: TransportConnection;
  readonly #machine: StateMachine;
  /** Why we cut the connection ourselves. */
  #cut: string | null = null;

  constructor(socket: Socket, user: UpperLayerUser, options: UpperLayerOptions) {
    this.#user = user;
    this.#options = options;
    this.#transport = new TransportConnection(socket, this, {
      ...options,
      ...(user.screen ? { screen: user.screen } : {}),
    });
    const primitives: ServicePrimitives = {
      onAssociateRequest: (request) => user.onAssociateRequest!(request),
      onAssociateAccept: (answer) => user.onAssociateAccept!(answer),
      onReleaseRequest: () => this.#transport.hold(user.onReleaseRequest()),
      onEnd: (end) => user.onEnd(end),
      onTransition: (transition) => user.onTransition(transition),
    };
    this.#machine = new StateMachine(options.request ? 'requestor' : 'acceptor', this.#transport, primitives);
    if (options.request) {
      this.#machine.fire({ event: 'associate request', request: options.request });
      this.#machine.fire({ event: 'transport connected' });
    } else this.#machine.fire({ event: 'transport indication' });
  }

  get state(): State {
    return this.#machine.state;
  }

  /** Whether {@link write} would send anything. */
  get writable(): boolean {
    return this.#machine.allows('data request');
  }

  accept(answer: AssociateAC): void {
    this.#machine.fire({ event: 'associate accept', answer });
  }

  reject(rejection: Rejection): void {
    this.#machine.fire({ event: 'associate reject', rejection });
  }

  /**
   * P-DATA request: `pdus` are whole P-DATA-TF PDUs.
   *
   * @returns a promise if the peer does not read fast enough; it also settles when the connection ends.
   */
  write(pdus: readonly Buffer[]): void | Promise<void> {
    this.#machine.fire({ event: 'data request', pdus });
    return this.#transport.drained();
  }

  /** The peer then owes an A-RELEASE-RP. */
  requestRelease(): void {
    this.expectPeer(true);
    this.#machine.fire({ event: 'release request' });
  }

  respondRelease(): void {
    this.#machine.fire({ event: 'release response' });
  }

  /** A-ABORT by the service user: the peer violated DIMSE, or we want to stop. */
  abort(reason: string): void {
    this.#machine.fire({ event: 'abort request', reason });
  }

  /** The peer's PDU was well formed and yet not allowed: aborted by the service provider (AA-8). */
  refusePDU(error: ProtocolError): void {
    this.#machine.fire({ event: 'invalid PDU', error });
  }

  /** Ends the connection without a word. */
  destroy(reason: string): void {
    this.#cut ??= reason;
    this.#transport.destroy();
  }

  /** Sets whether the peer's silence counts against it; it does not while we work on its request. */
  expectPeer(expected: boolean): void {
    this.#transport.expectPeer(expected);
  }

  onItem(item: ReaderItem): void {
    const machine = this.#machine;
    switch (item.type) {
      case 'associate-rq':
      case 'rejected-rq':
        machine.fire({ event: 'A-ASSOCIATE-RQ', proposal: item });
        return;
      case 'associate-ac':
        machine.fire({ event: 'A-ASSOCIATE-AC', answer: item });
        return;
      case 'associate-rj':
        machine.fire({ event: 'A-ASSOCIATE-RJ', rejection: item });
        return;
      case 'data-begin':
        machine.fire({ event: 'P-DATA-TF' });
        return;
      case 'data':
        // Pieces that follow a header which was ignored or aborted upon (Sta13) belong to nobody.
        if (this.state === 'Sta6' || this.state === 'Sta7') this.#transport.hold(this.#user.onData(item));
        return;
      case 'release-rq':
        machine.fire({ event: 'A-RELEASE-RQ' });
        return;
      case 'release-rp':
        machine.fire({ event: 'A-RELEASE-RP' });
        return;
      case 'abort':
        machine.fire({ event: 'A-ABORT', abort: item });
        return;
    }
  }

  onInvalid(error: ProtocolError): void {
    this.refusePDU(error);
  }

  onClosed(reason: string): void {
    const how =
      this.#cut === null ? ({ by: 'transport', reason } as const) : ({ by: 'local', reason: this.#cut } as const);
    this.#machine.fire({ event: 'transport closed', ...how });
  }

  onARTIM(): void {
    const reason = `no A-ASSOCIATE-RQ within ${this.#options.artimTimeoutMs} ms (ARTIM)`;
    if (this.#machine.allows('ARTIM expired')) this.#machine.fire({ event: 'ARTIM expired', reason });
    // The transport connection is closed on our side, and the peer keeps its own open.
    else this.#transport.destroy();
  }

  onSilence(): void {
    this.abort(`the peer was silent for ${this.#options.idleTimeoutMs} ms`);
  }

  onFault(error: unknown): void {
    this.#user.onFault(error);
    this.abort('an error on our side');
    if (this.state !== 'Sta13') this.destroy('an error on our side');
  }
}
