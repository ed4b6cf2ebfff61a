import type { PrioraError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { AssociationInfo } from './association-info.js';
import { Invoker, type Request } from './invoker.js';
import { MessageReceiver } from './message-receiver.js';
import { MessageSender } from './message-sender.js';
import type { DataPiece } from './pdu-reader.js';
import { Performer } from './performer.js';
import type { Service, ServiceResponse } from './service.js';
import { Turn } from './turn.js';
import type { UpperLayer } from './upper-layer.js';

export interface MessageExchangeOptions {
  readonly layer: UpperLayer;
  readonly association: AssociationInfo;
  /** Whether we requested the association: then a peer that says nothing owes us nothing. */
  readonly role: 'requestor' | 'acceptor';
  /** The peer's maximum length sub-item; 0 is unlimited. */
  readonly peerMaximumLength: number;
  /** What we perform for the peer, by CommandField. */
  readonly services: ReadonlyMap<number, Service>;
  readonly logger: Logger;
}

/**
 * The DIMSE messages of one established association, both ways: the peer's requests that we perform and our requests
 * that the peer performs, one of each at a time (PS3.7 8, D.3.3.3).
 */
export class MessageExchange {
  readonly association: AssociationInfo;
  readonly #layer: UpperLayer;
  readonly #sender: MessageSender;
  readonly #invoker: Invoker;
  readonly #performer: Performer;
  readonly #receiver: MessageReceiver;
  /** The invocations that wait, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ layer, association, role, peerMaximumLength, services, logger }: MessageExchangeOptions) {
    this.association = association;
    this.#layer = layer;
    const turn = new Turn(layer, role === 'acceptor');
    this.#sender = new MessageSender(layer, peerMaximumLength);
    this.#invoker = new Invoker(this.#sender, turn);
    this.#performer = new Performer({
      association,
      services,
      sender: this.#sender,
      logger,
      turn,
      peerOwes: () => this.#invoker.waiting,
      abort: (reason) => layer.abort(reason),
    });
    this.#receiver = new MessageReceiver({
      layer,
      contexts: association.presentationContexts,
      performer: this.#performer,
      invoker: this.#invoker,
    });
  }

  /** Whole fragments towards this peer, bytes: the best size for the pieces of a data set. */
  get fragmentLength(): number {
    return this.#sender.fragmentLength;
  }

  /** Instances that the peer stored with us: answered with Success or a warning. */
  get instancesStored(): number {
    return this.#performer.instancesStored;
  }

  /**
   * Invokes a request once those before it are answered.
   *
   * @returns the final response, whatever its status.
   * @throws PrioraError DESTINATION_* or CANCELLED if the association ends first; whatever the request's data set
   *   throws (the association is then aborted, because half a message is out).
   */
  invoke(request: Request): Promise<ServiceResponse> {
    const invoked = this.#queue.then(() => this.#invokeNow(request));
    this.#queue = invoked.catch(() => undefined);
    return invoked;
  }

  /** Resolves when every request of ours is answered. */
  async answered(): Promise<void> {
    await this.#queue;
  }

  /** Takes data from the peer. A returned promise holds further input back. */
  receive(piece: DataPiece): void | Promise<void> {
    return this.#receiver.receive(piece);
  }

  /** The peer asks for the release. A release request that overtakes an answer waits for it. */
  async release(): Promise<void> {
    if (this.#performer.receiving) {
      this.#layer.abort('a release came in the middle of a data set');
      return;
    }
    await this.#performer.idle();
    this.#layer.respondRelease();
  }

  /** The association is over. Resolves when no handler is at work any more. */
  async end(error: PrioraError, reason: string): Promise<void> {
    this.#invoker.end(error);
    await this.#performer.end(reason);
  }

  async #invokeNow(request: Request): Promise<ServiceResponse> {
    try {
      return await this.#invoker.invoke(request);
    } catch (error) {
      // Half a message may be out: nothing sensible can follow on this association.
      this.#layer.abort('a request could not be sent completely');
      throw error;
    }
  }
}
