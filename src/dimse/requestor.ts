import { PrioraError } from '../core/errors.js';
import { silentLogger, type Logger } from '../core/log.js';
import { implementationClassUID, implementationVersionName } from '../dicom/uid.js';
import type { ClientTLS, Connection } from './connect.js';
import { Invoker, type Request } from './invoker.js';
import { MessageReceiver } from './message-receiver.js';
import { MessageSender } from './message-sender.js';
import { checkMaximumLength, unstatedMaximumLength } from './negotiation.js';
import { applicationContextName, ContextResult, type AssociateAC, type AssociateRQ } from './pdu.js';
import type { DataPiece } from './pdu-reader.js';
import { Performer } from './performer.js';
import { ProtocolError } from './protocol-error.js';
import type { AssociationInfo, Service, ServiceResponse } from './types.js';
import { UpperLayer, type LayerEnd, type UpperLayerUser } from './upper-layer.js';
import type { RoleSelection, UserIdentity } from './user-information.js';

export interface AssociationOptions {
  readonly host: string;
  readonly port: number;
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  /** At most 128 (their ids are the odd numbers of a byte); each is accepted with one of its transfer syntaxes, or not. */
  readonly presentationContexts: readonly {
    readonly abstractSyntax: string;
    readonly transferSyntaxes: readonly string[];
  }[];
  readonly tls?: ClientTLS | undefined;
  readonly roleSelections?: readonly RoleSelection[];
  readonly userIdentity?: UserIdentity;
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

/** The requestor's side of the upper layer, with invoker and performer on top. */
export class Requestor implements UpperLayerUser {
  readonly established: Promise<void>;
  readonly #options: AssociationOptions;
  readonly #layer: UpperLayer;
  readonly #peerAddress: string;
  readonly #proposed: AssociateRQ;
  #settle!: { resolve: () => void; reject: (error: PrioraError) => void };
  #running: {
    info: AssociationInfo;
    sender: MessageSender;
    invoker: Invoker;
    performer: Performer;
    receiver: MessageReceiver;
  } | null = null;
  #over: PrioraError | null = null;
  #cancelled = false;
  #finish!: () => void;
  readonly #finished: Promise<void>;

  constructor({ socket, acknowledge }: Connection, options: AssociationOptions) {
    this.#options = options;
    this.#peerAddress = socket.remoteAddress ?? options.host;
    this.established = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    const artimTimeoutMs = options.artimTimeoutMs ?? 30_000;
    this.#proposed = {
      type: 'associate-rq',
      protocolVersion: 1,
      calledAETitle: options.calledAETitle,
      callingAETitle: options.callingAETitle,
      applicationContextName,
      presentationContexts: options.presentationContexts.map((context, index) => ({ id: 2 * index + 1, ...context })),
      userInformation: {
        maximumLength: options.maxPDULength ?? 131_072,
        implementationClassUID,
        implementationVersionName,
        roleSelections: options.roleSelections ?? [],
        extendedNegotiations: [],
        commonExtendedNegotiations: [],
        ...(options.userIdentity ? { userIdentity: options.userIdentity } : {}),
      },
    };
    this.#layer = new UpperLayer(
      socket,
      this,
      {
        role: 'requestor',
        maxPDULength: options.maxPDULength ?? 131_072,
        artimTimeoutMs,
        idleTimeoutMs: options.responseTimeoutMs ?? 60_000,
      },
      acknowledge,
    );
    const timer = setTimeout(
      () => this.#layer.abort(`no answer to A-ASSOCIATE-RQ within ${artimTimeoutMs} ms`),
      artimTimeoutMs,
    );
    void this.established.catch(() => undefined).finally(() => clearTimeout(timer));
    const onAbort = () => this.cancel('the work was stopped');
    options.signal?.addEventListener('abort', onAbort, { once: true });
    void this.#finished.then(() => options.signal?.removeEventListener('abort', onAbort));
    this.#layer.associate(this.#proposed);
  }

  get info(): AssociationInfo {
    return this.#running!.info;
  }

  get open(): boolean {
    return this.#running !== null && this.#over === null && this.#layer.state === 'Sta6';
  }

  get fragmentLength(): number {
    return this.#running!.sender.fragmentLength;
  }

  async invoke(request: Request): Promise<ServiceResponse> {
    try {
      return await this.#running!.invoker.invoke(request);
    } catch (error) {
      // Half a message may be out: nothing sensible can follow on this association.
      this.#layer.abort('a request could not be sent completely');
      throw error;
    }
  }

  async release(): Promise<void> {
    if (this.#over) return;
    this.#layer.expectPeer(true);
    this.#layer.requestRelease();
    await this.#finished;
  }

  cancel(reason: string): void {
    this.#cancelled = true;
    this.#layer.abort(reason);
  }

  onAssociateAccept(answer: AssociateAC): void {
    try {
      this.#begin(answer);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#layer.refusePDU(error);
      return;
    }
    this.#layer.expectPeer(false);
    this.#settle.resolve();
  }

  onData(piece: DataPiece): void | Promise<void> {
    return this.#running!.receiver.receive(piece);
  }

  /** The acceptor may release too, although hardly any does (PS3.8 7.2). */
  async onReleaseRequest(): Promise<void> {
    await this.#running!.performer.idle();
    this.#layer.respondRelease();
  }

  onEnd({ outcome, by, reason }: LayerEnd): void {
    const { calledAETitle } = this.#options;
    const code = this.#cancelled ? 'CANCELLED' : by === 'peer' ? 'DESTINATION_REFUSED' : 'DESTINATION_UNREACHABLE';
    this.#over = new PrioraError(code, `${calledAETitle}: association ${outcome}: ${reason}`);
    this.#settle.reject(this.#over);
    this.#running?.invoker.end(this.#over);
    void (this.#running?.performer.end(reason) ?? Promise.resolve()).then(() => this.#finish());
  }

  #begin(answer: AssociateAC): void {
    const { userInformation } = answer;
    checkMaximumLength(userInformation.maximumLength);
    const presentationContexts = answer.presentationContexts
      .filter(({ result }) => result === ContextResult.Acceptance)
      .map(({ id, transferSyntax }) => {
        const proposed = this.#proposed.presentationContexts.find((context) => context.id === id);
        if (!proposed?.transferSyntaxes.includes(transferSyntax)) {
          throw new ProtocolError(`context ${id} is accepted with what was not proposed`);
        }
        return { id, abstractSyntax: proposed.abstractSyntax, transferSyntax };
      });
    const info: AssociationInfo = {
      id: ++lastAssociationID,
      callingAETitle: this.#options.callingAETitle,
      calledAETitle: this.#options.calledAETitle,
      peerAddress: this.#peerAddress,
      peerPort: this.#options.port,
      peerImplementationClassUID: userInformation.implementationClassUID ?? '',
      peerImplementationVersionName: userInformation.implementationVersionName ?? '',
      presentationContexts,
      secure: this.#options.tls !== undefined,
    };
    const layer = this.#layer;
    const sender = new MessageSender(layer, userInformation.maximumLength ?? unstatedMaximumLength);
    const invoker = new Invoker(sender, (expected) => layer.expectPeer(expected));
    const performer = new Performer({
      association: info,
      services: new Map((this.#options.services ?? []).map((service) => [service.commandField, service])),
      sender,
      logger: this.#options.logger ?? silentLogger,
      expectPeer: () => undefined,
      abort: (reason) => layer.abort(reason),
    });
    const receiver = new MessageReceiver({
      layer,
      contexts: presentationContexts,
      performer,
      invoker,
      maxCommandLength: 65_536,
    });
    this.#running = { info, sender, invoker, performer, receiver };
  }
}
