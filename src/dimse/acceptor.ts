import type { Socket } from 'node:net';
import { PrioraError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { AssociationInfo } from './association-info.js';
import { MessageExchange } from './message-exchange.js';
import { negotiate, screen, unstatedMaximumLength } from './negotiation.js';
import type { AssociateRQ } from './pdu.js';
import { ProtocolError, Rejections } from './refusal.js';
import type { ServerOptions } from './server-options.js';
import type { Service } from './service.js';
import { UpperLayer } from './upper-layer.js';
import { logTransitions, type LayerEnd } from './upper-layer-event.js';

/** The server's options with their defaults filled in, and what it shares with its connections. */
export interface AcceptorContext {
  readonly options: ServerOptions &
    Required<
      Pick<ServerOptions, 'maxPDULength' | 'artimTimeoutMs' | 'idleTimeoutMs' | 'onAssociationClosed' | 'onRefused'>
    >;
  readonly services: ReadonlyMap<number, Service>;
  readonly logger: Logger;
  /** Reserves a place among the associations, or says that there is none. */
  readonly admit: () => number | null;
  /** The association numbered by {@link admit} is over, and its last handler is done. */
  readonly leave: (associationID: number) => void;
}

/** One connection to the server, from its A-ASSOCIATE-RQ to its end. */
export class Acceptor {
  readonly peerAddress: string;
  readonly #peerPort: number;
  readonly #secure: boolean;
  readonly #context: AcceptorContext;
  readonly #layer: UpperLayer;
  #exchange: MessageExchange | null = null;
  /** Resolves when no work of this connection is left. */
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
      {
        screen: (header) => screen(header, context.options),
        onAssociateRequest: (request) => this.#answer(request),
        onData: (piece) => this.#exchange!.receive(piece),
        onReleaseRequest: () => this.#exchange!.release(),
        onEnd: (end) => void this.#wrapUp(end),
        onTransition: logTransitions(context.logger, () => this.#subject()),
        onFault: (err) => context.logger.error({ ...this.#subject(), err }, 'an error on our side'),
      },
      { maxPDULength, artimTimeoutMs, idleTimeoutMs, acknowledge },
    );
  }

  /** Ends the connection: with an A-ABORT if there is an association, silently before that. */
  stop(reason: string): void {
    if (this.#exchange) this.#layer.abort(reason);
    else this.#layer.destroy(reason);
  }

  #answer(request: AssociateRQ): void {
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
    const association: AssociationInfo = {
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
    this.#exchange = new MessageExchange({
      layer: this.#layer,
      association,
      role: 'acceptor',
      peerMaximumLength: request.userInformation.maximumLength ?? unstatedMaximumLength,
      services,
      window: 1,
      logger,
    });
    this.#layer.accept(answer);
    logger.info(
      this.#subject(),
      `association opened, ${presentationContexts.length} of ${answer.presentationContexts.length} contexts accepted`,
    );
  }

  /** What the log lines of this connection are about. */
  #subject(): object {
    if (!this.#exchange) return { peer: this.peerAddress };
    const { id, callingAETitle, calledAETitle } = this.#exchange.info;
    return { association: id, callingAETitle, calledAETitle, peer: this.peerAddress };
  }

  async #wrapUp({ outcome, reason }: LayerEnd): Promise<void> {
    const { options, logger, leave } = this.#context;
    const exchange = this.#exchange;
    if (!exchange) {
      logger.warn(this.#subject(), `connection without association: ${reason}`);
      options.onRefused(this.peerAddress, reason);
      this.#finish();
      return;
    }
    const { info: association } = exchange;
    const over = `${association.callingAETitle}: association ${outcome}: ${reason}`;
    await exchange.end(new PrioraError('DESTINATION_UNREACHABLE', over), reason);
    leave(association.id);
    const { instancesStored } = exchange;
    const released = outcome === 'released';
    logger[released ? 'info' : 'warn']({ ...this.#subject(), instancesStored }, `association ${outcome}: ${reason}`);
    options.onAssociationClosed(association, { outcome: released ? 'released' : 'aborted', reason, instancesStored });
    this.#finish();
  }
}
