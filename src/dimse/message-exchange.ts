import type { PrioraError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { AssociationInfo, PresentationContext, Roles } from './association-info.js';
import { Invoker, type Request } from './invoker.js';
import { MessageReceiver } from './message-receiver.js';
import { MessageSender } from './message-sender.js';
import type { DataPiece } from './pdu-reader.js';
import { Performer } from './performer.js';
import type { ServiceResponse } from './response.js';
import type { Service } from './service.js';
import { ServiceUser } from './service-user.js';
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
  /** Requests of ours that the peer lets be under way at once (PS3.7 D.3.3.3); 0 is unlimited. */
  readonly window: number;
  readonly logger: Logger;
}

/** Requests under way at once where the peer sets no limit. */
const widestWindow = 16;

/**
 * The DIMSE messages of one established association, both ways: requests of the peer that we perform, one after the
 * other, and requests of ours that the peer performs, as many at once as it allows (PS3.7 8, D.3.3.3).
 */
export class MessageExchange extends ServiceUser {
  readonly info: AssociationInfo;
  readonly #role: MessageExchangeOptions['role'];
  readonly #layer: UpperLayer;
  readonly #sender: MessageSender;
  readonly #invoker: Invoker;
  readonly #performer: Performer;
  readonly #receiver: MessageReceiver;
  /** Requests of ours that may be begun now. */
  #free: number;
  /** Those that wait for one to be answered. */
  readonly #waiting: (() => void)[] = [];
  readonly #underWay = new Set<Promise<unknown>>();

  constructor({ layer, association, role, peerMaximumLength, services, window, logger }: MessageExchangeOptions) {
    super();
    this.info = association;
    this.#role = role;
    this.#free = window === 0 ? widestWindow : Math.min(window, widestWindow);
    this.#layer = layer;
    const turn = new Turn(layer, role === 'acceptor');
    this.#sender = new MessageSender(layer, peerMaximumLength);
    this.#invoker = new Invoker(this.#sender, turn, (reason) => layer.abort(reason));
    this.#performer = new Performer({
      association,
      services,
      sender: this.#sender,
      logger,
      turn,
      peer: this,
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

  protected override rolesOn({ requestorRoles }: PresentationContext): Roles {
    const { scu, scp } = requestorRoles;
    return this.#role === 'requestor' ? requestorRoles : { scu: scp, scp: scu };
  }

  /**
   * Invokes a request when the peer's window has room.
   *
   * @returns the final response, whatever its status.
   * @throws PrioraError DESTINATION_* or CANCELLED if the association ends first; whatever the request's data set
   *   throws (the association is then aborted, because half a message is out).
   */
  invoke(request: Request): Promise<ServiceResponse> {
    const invoked = this.#invokeInTurn(request);
    const noted = invoked.catch(() => undefined).finally(() => this.#underWay.delete(noted));
    this.#underWay.add(noted);
    return invoked;
  }

  /** Resolves when every request of ours is answered. */
  async answered(): Promise<void> {
    await Promise.all(this.#underWay);
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

  async #invokeInTurn(request: Request): Promise<ServiceResponse> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#invoker.invoke(request);
    } catch (error) {
      // Half a message may be out: nothing sensible can follow on this association.
      this.#layer.abort('a request could not be sent completely');
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
