import { PrioraError } from '../core/errors.js';
import { silentLogger, type Logger } from '../core/log.js';
import type { AssociationInfo, PresentationContext, Roles } from './association-info.js';
import { connect, type ClientTLS, type Connection } from './connect.js';
import type { Request } from './invoker.js';
import { MessageExchange } from './message-exchange.js';
import { acceptedContexts, proposalOf, windowOf, unstatedMaximumLength, type Proposal } from './negotiation.js';
import type { AssociateAC, AssociateRQ } from './pdu.js';
import { ProtocolError } from './refusal.js';
import type { ServiceResponse } from './response.js';
import type { Service } from './service.js';
import { UpperLayer } from './upper-layer.js';
import { ServiceUser } from './service-user.js';
import { logTransitions, type LayerEnd } from './upper-layer-event.js';

export interface AssociationOptions extends Proposal {
  readonly host: string;
  readonly port: number;
  readonly tls?: ClientTLS | undefined;
  /** Services we perform on this association (C-STORE during C-GET). [none] */
  readonly services?: readonly Service[];
  /** TCP connection and TLS handshake, milliseconds. [10000] */
  readonly connectTimeoutMs?: number;
  /** A-ASSOCIATE-AC, and the closing of the connection in the end (ARTIM), milliseconds. [30000] */
  readonly artimTimeoutMs?: number;
  /** Silence of the peer while it owes an answer or does not read what we send, milliseconds. [60000] */
  readonly responseTimeoutMs?: number;
  /** Largest P-DATA-TF we take. [131072] */
  readonly maxPDULength?: number;
  readonly logger?: Logger;
  /** Gives the association up: it is aborted. */
  readonly signal?: AbortSignal;
}

let lastAssociationID = 0;

/**
 * An association we requested. Requests are invoked one after the other, unless a wider window was negotiated.
 *
 * Every failure of the connection or the peer is a PrioraError: DESTINATION_UNREACHABLE when it cannot be reached, is
 * lost or falls silent, DESTINATION_REFUSED when it rejects or aborts. A status other than Success is no error here: it
 * is what the peer answered.
 */
export class Association extends ServiceUser {
  readonly #options: AssociationOptions;
  readonly #layer: UpperLayer;
  readonly #peerAddress: string;
  readonly #request: AssociateRQ;
  readonly #established: Promise<void>;
  #settle!: { resolve: () => void; reject: (error: PrioraError) => void };
  #exchange: MessageExchange | null = null;
  #over = false;
  #cancelled = false;
  readonly #finished: Promise<void>;
  #finish!: () => void;

  /**
   * Connects, and asks for an association.
   *
   * @returns the association, even if no presentation context was accepted: {@link contextFor} tells.
   * @throws PrioraError DESTINATION_UNREACHABLE, DESTINATION_REFUSED, CANCELLED
   */
  static async request(options: AssociationOptions): Promise<Association> {
    if (options.signal?.aborted) throw new PrioraError('CANCELLED', 'no association was requested');
    const connection = await connect({ ...options, timeoutMs: options.connectTimeoutMs ?? 10_000 });
    const association = new Association(connection, options);
    await association.#established;
    return association;
  }

  private constructor({ socket, acknowledge }: Connection, options: AssociationOptions) {
    const { artimTimeoutMs = 30_000, maxPDULength = 131_072, responseTimeoutMs: idleTimeoutMs = 60_000 } = options;
    const { callingAETitle, calledAETitle, logger = silentLogger, signal } = options;
    super();
    this.#options = options;
    this.#peerAddress = socket.remoteAddress ?? options.host;
    this.#established = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    this.#request = proposalOf({ ...options, maxPDULength });
    const subject = () => ({ association: this.#exchange?.info.id, callingAETitle, calledAETitle });
    this.#layer = new UpperLayer(
      socket,
      {
        onAssociateAccept: (answer) => this.#begin(answer),
        onData: (piece) => this.#exchange!.receive(piece),
        onReleaseRequest: () => this.#exchange!.release(),
        onEnd: (end) => this.#end(end),
        onTransition: logTransitions(logger, subject),
        onFault: (err) => logger.error({ ...subject(), err }, 'an error on our side'),
      },
      { request: this.#request, maxPDULength, artimTimeoutMs, idleTimeoutMs, acknowledge },
    );
    const unanswered = () => this.#layer.abort(`no answer to A-ASSOCIATE-RQ within ${artimTimeoutMs} ms`);
    const timer = setTimeout(unanswered, artimTimeoutMs);
    void this.#established.catch(() => undefined).finally(() => clearTimeout(timer));
    const cancel = () => this.abort('the work was stopped');
    signal?.addEventListener('abort', cancel, { once: true });
    void this.#finished.then(() => signal?.removeEventListener('abort', cancel));
  }

  get info(): AssociationInfo {
    return this.#exchange!.info;
  }

  /** False once the association was released, aborted or lost. */
  get open(): boolean {
    return this.#layer.state === 'Sta6';
  }

  /** Whole fragments towards this peer, bytes: the best size for a data set's pieces. */
  get fragmentLength(): number {
    return this.#exchange!.fragmentLength;
  }

  protected override rolesOn({ requestorRoles }: PresentationContext): Roles {
    return requestorRoles;
  }

  invoke(request: Request): Promise<ServiceResponse> {
    return this.#exchange!.invoke(request);
  }

  /** Waits for what is under way, then releases (PS3.8 7.2). An association that is over already is no error. */
  async release(): Promise<void> {
    await this.#exchange!.answered();
    if (this.#over) return;
    this.#layer.requestRelease();
    await this.#finished;
  }

  /** A-ABORT. What is under way fails with CANCELLED. */
  abort(reason = 'aborted by us'): void {
    this.#cancelled = true;
    this.#layer.abort(reason);
  }

  #begin(answer: AssociateAC): void {
    const { callingAETitle, calledAETitle, port, services = [], logger = silentLogger, tls } = this.#options;
    let presentationContexts: readonly PresentationContext[];
    try {
      presentationContexts = acceptedContexts(this.#request, answer);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#layer.refusePDU(error);
      return;
    }
    const { userInformation } = answer;
    this.#exchange = new MessageExchange({
      layer: this.#layer,
      association: {
        id: ++lastAssociationID,
        callingAETitle,
        calledAETitle,
        peerAddress: this.#peerAddress,
        peerPort: port,
        peerImplementationClassUID: userInformation.implementationClassUID ?? '',
        peerImplementationVersionName: userInformation.implementationVersionName ?? '',
        presentationContexts,
        secure: tls !== undefined,
      },
      role: 'requestor',
      peerMaximumLength: userInformation.maximumLength ?? unstatedMaximumLength,
      services: new Map(services.map((service) => [service.commandField, service])),
      window: windowOf(this.#request, answer),
      logger,
    });
    this.#settle.resolve();
  }

  #end({ outcome, by, reason }: LayerEnd): void {
    this.#over = true;
    const code = this.#cancelled ? 'CANCELLED' : by === 'peer' ? 'DESTINATION_REFUSED' : 'DESTINATION_UNREACHABLE';
    const over = new PrioraError(code, `${this.#options.calledAETitle}: association ${outcome}: ${reason}`);
    this.#settle.reject(over);
    void (this.#exchange?.end(over, reason) ?? Promise.resolve()).then(() => this.#finish());
  }
}
