import { createServer as createTCPServer, type AddressInfo, type Server as TCPServer, type Socket } from 'node:net';
import { createServer as createTLSServer } from 'node:tls';
import { PrioraError } from '../core/errors.js';
import { aeTitleRule, isAETitle } from '../core/identifiers.js';
import type { Logger } from '../core/log.js';
import { SOPClass, TransferSyntax } from '../dicom/uid.js';
import { Acceptor, type AcceptorContext } from './acceptor.js';
import { quickAcknowledge } from './quickack.js';
import type { ServerOptions } from './server-options.js';
import { verificationService, type Service } from './service.js';

export interface Server {
  /** @throws PrioraError CONFIG_INVALID if the address cannot be bound. */
  listen(): Promise<{ host: string; port: number }>;
  /** Stops accepting, aborts open associations and waits until every sink is done. */
  close(): Promise<void>;
  /** Connections open now, established or not. */
  readonly connections: number;
}

/** Connections without an association that are kept besides the associations; the oldest makes room for the newest. */
const maxPendingConnections = 128;

const verificationContext = {
  abstractSyntax: SOPClass.Verification,
  transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian, TransferSyntax.ExplicitVRLittleEndian],
};

/**
 * A DICOM application entity that serves associations: C-ECHO, and the given services on the given contexts.
 *
 * A peer, however hostile or broken, costs its own connection and nothing else: lengths are checked before anything is
 * stored for them, silence is timed, and connections that are not associations displace only each other.
 *
 * @throws PrioraError CONFIG_INVALID for an AE title that PS3.5 6.2 does not allow
 */
export function createServer(given: ServerOptions): Server {
  if (!isAETitle(given.aeTitle)) {
    throw new PrioraError('CONFIG_INVALID', `aeTitle ${JSON.stringify(given.aeTitle)} ${aeTitleRule}`);
  }
  return new AssociationServer(given);
}

/** A hook whose failure is logged and costs nothing else. */
function guarded<Arguments extends unknown[]>(
  hook: ((...told: Arguments) => void) | undefined,
  logger: Logger,
): (...told: Arguments) => void {
  return (...told) => {
    try {
      hook?.(...told);
    } catch (err) {
      logger.error({ err }, 'a hook of the DICOM server failed');
    }
  };
}

class AssociationServer implements Server {
  readonly #options: AcceptorContext['options'];
  readonly #context: AcceptorContext;
  readonly #server: TCPServer;
  readonly #maxAssociations: number;
  /** Every TCP connection, to be cut on close. */
  readonly #sockets = new Set<Socket>();
  /** Connections that are not associations, not yet or no longer, oldest first: their TCP sockets. */
  readonly #pending = new Set<Socket>();
  readonly #acceptors = new Set<Acceptor>();
  readonly #associations = new Set<number>();
  #lastAssociationID = 0;

  constructor(given: ServerOptions) {
    this.#options = {
      ...given,
      supportedContexts: [verificationContext, ...given.supportedContexts],
      maxPDULength: given.maxPDULength ?? 131_072,
      artimTimeoutMs: given.artimTimeoutMs ?? 30_000,
      idleTimeoutMs: given.idleTimeoutMs ?? 60_000,
      onAssociationClosed: guarded(given.onAssociationClosed, given.logger),
      onRefused: guarded(given.onRefused, given.logger),
    };
    this.#maxAssociations = given.maxAssociations ?? 64;
    const services: readonly Service[] = [verificationService, ...given.services];
    this.#context = {
      options: this.#options,
      services: new Map(services.map((service) => [service.commandField, service])),
      logger: given.logger,
      admit: () => this.#admit(),
      leave: (id) => this.#associations.delete(id),
    };
    this.#server = given.tls ? this.#secureServer(given.tls) : createTCPServer((socket) => this.#serve(socket, socket));
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<{ host: string; port: number }> {
    const host = this.#options.host ?? '127.0.0.1';
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: Error) =>
        reject(
          new PrioraError('CONFIG_INVALID', `cannot listen on ${host}:${this.#options.port}: ${cause.message}`, {
            cause,
          }),
        );
      this.#server.once('error', failed);
      this.#server.listen({ host, port: this.#options.port, backlog: 511 }, () => {
        this.#server.off('error', failed);
        // Later errors (no file descriptor left for an accept) must not end the process.
        this.#server.on('error', (error) => this.#options.logger.error({ err: error }, 'the DICOM listener failed'));
        resolve();
      });
    });
    const { port } = this.#server.address() as AddressInfo;
    this.#options.logger.info({ host, port, aeTitle: this.#options.aeTitle }, 'DICOM server listening');
    return { host, port };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const acceptors = [...this.#acceptors];
    for (const acceptor of acceptors) acceptor.stop('the server is stopping');
    await Promise.all(acceptors.map((acceptor) => acceptor.done));
    const cut = [...this.#sockets].map((socket) => {
      const gone = new Promise((resolve) => socket.once('close', resolve));
      // The aborts are with the kernel by now; no peer is waited for.
      socket.destroySoon();
      return gone;
    });
    await Promise.all([...cut, closed]);
  }

  #secureServer(tls: NonNullable<ServerOptions['tls']>): TCPServer {
    const ca = tls.ca === undefined ? {} : { ca: tls.ca as string, requestCert: true, rejectUnauthorized: true };
    const server = createTLSServer({
      key: tls.key,
      cert: tls.cert,
      minVersion: 'TLSv1.2',
      // A client that does not speak TLS, or says nothing, is cut after the same time as one that sends no
      // A-ASSOCIATE-RQ.
      handshakeTimeout: this.#options.artimTimeoutMs,
      ...ca,
    });
    const plainSockets = new Map<string, Socket>();
    const nameOf = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`;
    server.on('connection', (socket: Socket) => {
      const name = nameOf(socket);
      plainSockets.set(name, socket);
      socket.once('close', () => plainSockets.delete(name));
    });
    server.on('secureConnection', (socket) => {
      const plain = plainSockets.get(nameOf(socket));
      if (plain) this.#serve(socket, plain);
      else socket.destroy();
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
      const reason = `no TLS handshake: ${error.code ?? error.message}`;
      socket.destroy();
      this.#options.logger.warn({ peer }, `connection without association: ${reason}`);
      this.#options.onRefused(peer, reason);
    });
    return server;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#pending.delete(socket);
    });
    this.#addPending(socket);
  }

  #addPending(socket: Socket): void {
    this.#pending.add(socket);
    if (this.#pending.size > maxPendingConnections) {
      const [oldest] = this.#pending;
      this.#pending.delete(oldest);
      oldest.destroy();
    }
  }

  #serve(socket: Socket, plain: Socket): void {
    const acceptor = new Acceptor(socket, socket !== plain, quickAcknowledge(plain), {
      ...this.#context,
      admit: () => {
        const id = this.#admit();
        if (id !== null) this.#pending.delete(plain);
        return id;
      },
    });
    this.#acceptors.add(acceptor);
    void acceptor.done.then(() => {
      this.#acceptors.delete(acceptor);
      // It is the peer's turn to close, and some never do.
      if (this.#sockets.has(plain)) this.#addPending(plain);
    });
  }

  #admit(): number | null {
    if (this.#associations.size >= this.#maxAssociations) return null;
    const id = ++this.#lastAssociationID;
    this.#associations.add(id);
    return id;
  }
}
