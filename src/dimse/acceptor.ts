import type { Socket } from 'node:net';
import type { Logger } from '../core/log.js';
import { MessageReceiver } from './message-receiver.js';
import { MessageSender } from './message-sender.js';
import { negotiate, unstatedMaximumLength } from './negotiation.js';
import type { AssociateRQ } from './pdu.js';
import type { DataPiece } from './pdu-reader.js';
import { Performer } from './performer.js';
import { ProtocolError } from './protocol-error.js';
import { Rejections } from './rejection.js';
import type { AssociationInfo, ServerOptions, Service } from './types.js';
import { UpperLayer, type LayerEnd, type UpperLayerUser } from './upper-layer.js';

/** The server's options with their defaults filled in, and what it shares with its connections. */
export interface AcceptorContext {
  readonly options: ServerOptions & {
    readonly maxPDULength: number;
    readonly maxCommandLength: number;
    readonly artimTimeoutMs: number;
    readonly idleTimeoutMs: number;
  };
  readonly services: ReadonlyMap<number, Service>;
  readonly logger: Logger;
  /** Reserves a place among the associations, or says that there is none. */
  readonly admit: () => number | null;
  /** The association that {@link admit} numbered is over, its last handler done. */
  readonly leave: (associationID: number) => void;
}

/** One connection to the server, from its A-ASSOCIATE-RQ to its end. */
export class Acceptor implements UpperLayerUser {
  readonly peerAddress: string;
  readonly #peerPort: number;
  readonly #secure: boolean;
  readonly #context: AcceptorContext;
  readonly #layer: UpperLayer;
  #established: { info: AssociationInfo; receiver: MessageReceiver; performer: Performer } | null = null;
  /** Resolves when nothing of this connection is at work any more. */
  readonly done: Promise<void>;
  #finish!: () => void;

  constructor(socket: Socket, secure: boolean, acknowledge: (() => void) | null, context: AcceptorContext) {
    this.peerAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.#peerPort = socket.remotePort ?? 0;
    this.#secure = secure;
    this.#context = context;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    const { maxPDULength, artimTimeoutMs, idleTimeoutMs } = context.options;
    this.#layer = new UpperLayer(
      socket,
      this,
      { role: 'acceptor', maxPDULength, artimTimeoutMs, idleTimeoutMs },
      acknowledge,
    );
  }

  /** Ends the connection: with an A-ABORT where there is an association, silently before. */
  stop(reason: string): void {
    if (this.#established) this.#layer.abort(reason);
    else this.#layer.destroy(reason);
  }

  onAssociateRequest(request: AssociateRQ): void {
    const { options, logger, services, admit } = this.#context;
    let negotiated: ReturnType<typeof negotiate>;
    try {
      negotiated = negotiate(request, options);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#layer.refusePDU(error);
      return;
    }
    if ('rejection' in negotiated) {
      this.#layer.reject(negotiated.rejection);
      return;
    }
    const id = admit();
    if (id === null) {
      this.#layer.reject(Rejections.LocalLimitExceeded);
      return;
    }
    const { answer, presentationContexts } = negotiated;
    const info: AssociationInfo = {
      id,
      callingAETitle: request.callingAETitle,
      calledAETitle: request.calledAETitle,
      peerAddress: this.peerAddress,
      peerPort: this.#peerPort,
      peerImplementationClassUID: request.userInformation.implementationClassUID ?? '',
      peerImplementationVersionName: request.userInformation.implementationVersionName ?? '',
      presentationContexts,
      secure: this.#secure,
    };
    const sender = new MessageSender(this.#layer, request.userInformation.maximumLength ?? unstatedMaximumLength);
    const performer = new Performer({
      association: info,
      services,
      sender,
      logger,
      expectPeer: (expected) => this.#layer.expectPeer(expected),
      abort: (reason) => this.#layer.abort(reason),
    });
    const receiver = new MessageReceiver({
      layer: this.#layer,
      contexts: presentationContexts,
      performer,
      invoker: null,
      maxCommandLength: options.maxCommandLength,
    });
    this.#established = { info, receiver, performer };
    this.#layer.accept(answer);
    logger.info(
      { association: id, callingAETitle: info.callingAETitle, peer: this.peerAddress },
      `association opened, ${presentationContexts.length} of ${answer.presentationContexts.length} contexts accepted`,
    );
    options.onAssociationOpened?.(info);
  }

  onData(piece: DataPiece): void | Promise<void> {
    return this.#established!.receiver.receive(piece);
  }

  /** A release that overtakes an answer waits for it. */
  async onReleaseRequest(): Promise<void> {
    const { performer } = this.#established!;
    if (performer.receiving) {
      this.#layer.abort('a release came in the middle of a data set');
      return;
    }
    await performer.idle();
    this.#layer.respondRelease();
  }

  onEnd(end: LayerEnd): void {
    void this.#wrapUp(end).finally(() => this.#finish());
  }

  async #wrapUp({ outcome, reason }: LayerEnd): Promise<void> {
    const { options, logger, leave } = this.#context;
    if (!this.#established) {
      logger.warn({ peer: this.peerAddress }, `connection without association: ${reason}`);
      options.onRefused?.(this.peerAddress, reason);
      return;
    }
    const { info, performer } = this.#established;
    await performer.end(reason);
    leave(info.id);
    const { instancesStored } = performer;
    logger[outcome === 'released' ? 'info' : 'warn'](
      { association: info.id, callingAETitle: info.callingAETitle, peer: this.peerAddress, instancesStored },
      `association ${outcome}: ${reason}`,
    );
    options.onAssociationClosed?.(info, {
      outcome: outcome === 'released' ? 'released' : 'aborted',
      reason,
      instancesStored,
    });
  }
}
