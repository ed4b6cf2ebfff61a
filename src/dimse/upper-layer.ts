import type { Socket } from 'node:net';
import { encode } from './pdu-encoder.js';
import { PDUReader, type DataPiece, type ReaderItem } from './pdu-reader.js';
import type { AssociateAC, AssociateRJ, AssociateRQ } from './pdu.js';
import type { ProtocolError } from './protocol-error.js';
import { AbortReason } from './protocol-error.js';
import { quickAcknowledge } from './quickack.js';
import { describeAbort, describeRejection } from './rejection.js';
import { actionFor, actions, type Action, type Event, type State } from './state-machine.js';

/** Bytes that are read and dropped after an abort or a rejection before the connection is cut without waiting for ARTIM. */
const maxBytesAfterEnd = 1_048_576;

/** How a connection ended, told once. `refused`: it never became an association. */
export interface LayerEnd {
  readonly outcome: 'released' | 'aborted' | 'refused';
  /** `peer`: it aborted or rejected; `transport`: the connection broke; `local`: we ended it. */
  readonly by: 'peer' | 'transport' | 'local';
  readonly reason: string;
}

/** The indications and confirmations of PS3.8 7. A returned promise holds further input back until it settles. */
export interface UpperLayerUser {
  onAssociateRequest?(request: AssociateRQ): void;
  onAssociateAccept?(answer: AssociateAC): void;
  onData(piece: DataPiece): void | Promise<void>;
  onReleaseRequest(): void | Promise<void>;
  /** The connection is of no more use; called exactly once. */
  onEnd(end: LayerEnd): void;
}

export interface UpperLayerOptions {
  readonly role: 'requestor' | 'acceptor';
  readonly maxPDULength: number;
  readonly artimTimeoutMs: number;
  /** Silence of the peer that is allowed while {@link UpperLayer.expectPeer} says that it is its turn. */
  readonly idleTimeoutMs: number;
}

/** What a broken connection was: an association from Sta6 on. */
const outcomeOf = (state: State): 'refused' | 'aborted' =>
  ['Sta2', 'Sta3', 'Sta4', 'Sta5'].includes(state) ? 'refused' : 'aborted';

/**
 * The DICOM upper layer over one connected socket: carries out the actions of `state-machine.ts`.
 *
 * @see PS3.8 9.2
 */
export class UpperLayer {
  #state: State = 'Sta1';
  readonly #socket: Socket;
  readonly #options: UpperLayerOptions;
  readonly #reader: PDUReader;
  readonly #acknowledge: (() => void) | null;
  readonly #user: UpperLayerUser;
  #artim: NodeJS.Timeout | null = null;
  readonly #idle: NodeJS.Timeout;
  #peerExpected = true;
  #held = false;
  /** Set when the stream lost its frame or input is of no more interest: bytes are dropped. */
  #deaf = false;
  #droppedBytes = 0;
  #ended = false;
  /** Why we abort or close, for the end's reason. */
  #cause: { by: LayerEnd['by']; reason: string; abortReason?: AbortReason } | null = null;
  #drained: (() => void)[] = [];
  /** What the actions do beyond entering a state. Sending and indicating is left to the caller, who holds the PDU. */
  readonly #work: Partial<Record<Action, (event: Event, before: State) => void>> = {
    'AE-4': () => this.#close('refused'),
    'AE-5': () => this.#startArtim(),
    'AE-6': () => this.#stopArtim(),
    'AE-8': () => this.#startArtim(),
    'AR-3': () => this.#close('released'),
    'AR-4': () => this.#startArtim(),
    'AA-1': (event, before) => this.#abortWith(0, AbortReason.NotSpecified, event, before),
    'AA-2': (_, before) => {
      this.#cause ??= { by: 'local', reason: `no A-ASSOCIATE-RQ within ${this.#options.artimTimeoutMs} ms (ARTIM)` };
      this.#end(outcomeOf(before));
      this.#socket.destroy();
    },
    'AA-3': (_, before) => this.#close(outcomeOf(before)),
    'AA-4': (_, before) => this.#end(outcomeOf(before)),
    'AA-5': (_, before) => this.#end(outcomeOf(before)),
    'AA-7': () => this.#sayLast(encode({ type: 'abort', source: 2, reason: AbortReason.UnexpectedPDU })),
    'AA-8': (event, before) => this.#abortWith(2, this.#cause?.abortReason ?? AbortReason.UnexpectedPDU, event, before),
  };

  /** @param acknowledge of the plain TCP socket, where `socket` is a TLS one */
  constructor(socket: Socket, user: UpperLayerUser, options: UpperLayerOptions, acknowledge?: (() => void) | null) {
    this.#socket = socket;
    this.#user = user;
    this.#options = options;
    this.#reader = new PDUReader(options.maxPDULength);
    this.#acknowledge = acknowledge === undefined ? quickAcknowledge(socket) : acknowledge;
    this.#idle = setTimeout(() => this.#idleExpired(), options.idleTimeoutMs);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#releaseWriters());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause ??= { by: 'transport', reason: `connection error ${error.code ?? error.message}` };
    });
    socket.on('close', () => {
      this.#cause ??= { by: 'transport', reason: 'the peer closed the connection without a release' };
      this.#fire('transport closed');
      this.#stopArtim();
      clearTimeout(this.#idle);
    });
    if (options.role === 'acceptor') {
      this.#fire('transport indication');
    } else {
      this.#fire('associate request');
      this.#fire('transport connected');
    }
  }

  get state(): State {
    return this.#state;
  }

  /** Whether {@link write} would send anything. */
  get writable(): boolean {
    return actionFor('data request', this.#state, this.#options.role) !== null;
  }

  /** A-ASSOCIATE request, after the transport connection stands (the socket is given connected). */
  associate(request: AssociateRQ): void {
    this.#send(encode(request));
  }

  accept(answer: AssociateAC): void {
    if (this.#fire('associate accept')) this.#send(encode(answer));
  }

  reject(rejection: Omit<AssociateRJ, 'type'>): void {
    this.#cause ??= { by: 'local', reason: describeRejection(rejection) };
    if (!this.#fire('associate reject')) return;
    this.#send(encode({ type: 'associate-rj', ...rejection }));
    this.#end('refused');
  }

  /**
   * P-DATA request: `buffers` are whole P-DATA-TF PDUs.
   *
   * @returns a promise when the peer does not read fast enough; it also settles when the connection ends.
   */
  write(buffers: readonly Buffer[]): void | Promise<void> {
    if (!this.#fire('data request')) return;
    this.#socket.cork();
    let ready = true;
    for (const buffer of buffers) ready = this.#socket.write(buffer);
    this.#socket.uncork();
    if (!ready) return new Promise((resolve) => this.#drained.push(resolve));
  }

  requestRelease(): void {
    if (this.#fire('release request')) this.#send(encode({ type: 'release-rq' }));
  }

  respondRelease(): void {
    const collision = this.#state === 'Sta9';
    if (!this.#fire('release response')) return;
    this.#send(encode({ type: 'release-rp' }));
    if (!collision) this.#end('released');
  }

  /** A-ABORT by the service user: the peer broke DIMSE, or we want to stop. */
  abort(reason: string): void {
    this.#cause ??= { by: 'local', reason };
    this.#fire('abort request');
  }

  /** The peer's PDU was well formed and still not allowed: aborted by the service provider (AA-8). */
  refusePDU(error: ProtocolError): void {
    this.#fail(error);
  }

  /** Ends the connection without a word. */
  destroy(reason: string): void {
    this.#cause ??= { by: 'local', reason };
    this.#socket.destroy();
  }

  /** Says whether the peer's silence counts against it; it does not while we work on its request. */
  expectPeer(expected: boolean): void {
    this.#peerExpected = expected;
    this.#idle.refresh();
  }

  #receive(chunk: Buffer): void {
    this.#acknowledge?.();
    this.#idle.refresh();
    if (this.#deaf) {
      this.#droppedBytes += chunk.length;
      if (this.#droppedBytes > maxBytesAfterEnd) this.#socket.destroy();
      return;
    }
    this.#reader.push(chunk);
    if (this.#held) this.#socket.pause();
    else this.#pump();
  }

  /** Works through what has been received, until input is held back or used up. */
  #pump(): void {
    while (!this.#held && !this.#deaf) {
      let item: ReaderItem | null;
      try {
        item = this.#reader.next();
      } catch (error) {
        this.#fail(error as ProtocolError);
        return;
      }
      if (!item) break;
      this.#indicate(item);
    }
    if (!this.#held && this.#socket.isPaused()) this.#socket.resume();
  }

  #indicate(item: ReaderItem): void {
    switch (item.type) {
      case 'associate-rq':
        if (this.#fire('A-ASSOCIATE-RQ') === 'AE-6') this.#user.onAssociateRequest!(item);
        return;
      case 'associate-ac':
        if (this.#fire('A-ASSOCIATE-AC') === 'AE-3') this.#user.onAssociateAccept!(item);
        return;
      case 'associate-rj':
        this.#cause ??= { by: 'peer', reason: describeRejection(item) };
        this.#fire('A-ASSOCIATE-RJ');
        return;
      case 'data-begin':
        this.#fire('P-DATA-TF');
        return;
      case 'data':
        // Pieces that follow a header which was ignored or aborted upon (Sta13) belong to nobody.
        if (this.#state === 'Sta6' || this.#state === 'Sta7') this.#hold(this.#user.onData(item));
        return;
      case 'release-rq':
        this.#fire('A-RELEASE-RQ');
        if (this.#state === 'Sta8' || this.#state === 'Sta9') this.#hold(this.#user.onReleaseRequest());
        return;
      case 'release-rp':
        this.#fire('A-RELEASE-RP');
        if (this.#state === 'Sta12') this.respondRelease();
        return;
      case 'abort':
        this.#cause ??= { by: 'peer', reason: describeAbort(item) };
        this.#fire('A-ABORT');
        return;
    }
  }

  #hold(until: void | Promise<void>): void {
    if (!until) return;
    this.#held = true;
    void until.finally(() => {
      this.#held = false;
      this.#pump();
    });
  }

  #fail(error: ProtocolError): void {
    this.#cause ??= { by: 'local', reason: error.message, abortReason: error.abortReason };
    this.#fire('invalid PDU');
    this.#deaf = true;
  }

  /** Looks the event up, enters the new state and carries the action out. Returns null where nothing happens. */
  #fire(event: Event): Action | null {
    const action = actionFor(event, this.#state, this.#options.role);
    if (!action) return null;
    const before = this.#state;
    this.#state = actions[action][1];
    this.#work[action]?.(event, before);
    return action;
  }

  #abortWith(source: number, reason: number, event: Event, before: State): void {
    this.#cause ??= { by: 'local', reason: `${event} in state ${before}` };
    this.#sayLast(encode({ type: 'abort', source, reason }));
    this.#startArtim();
    this.#end(outcomeOf(before));
  }

  /** Says at once that nothing more will come; what the peer still sends is read and dropped until ARTIM. */
  #sayLast(bytes: Buffer): void {
    this.#send(bytes);
    this.#socket.end();
    this.#deaf = true;
    this.#socket.resume();
  }

  #send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  #close(outcome: LayerEnd['outcome']): void {
    this.#end(outcome);
    this.#socket.end();
    // A peer that keeps its half open is not waited for longer than ARTIM.
    this.#startArtim();
  }

  #startArtim(): void {
    this.#stopArtim();
    this.#artim = setTimeout(() => {
      if (!this.#fire('ARTIM expired')) this.#socket.destroy();
    }, this.#options.artimTimeoutMs);
  }

  #stopArtim(): void {
    if (this.#artim) clearTimeout(this.#artim);
    this.#artim = null;
  }

  #idleExpired(): void {
    if (this.#ended) return;
    // Before the association stands, ARTIM is in charge.
    if (!this.#peerExpected || this.#state === 'Sta2' || this.#held) {
      this.#idle.refresh();
      return;
    }
    this.abort(`the peer was silent for ${this.#options.idleTimeoutMs} ms`);
  }

  #releaseWriters(): void {
    const waiting = this.#drained;
    this.#drained = [];
    this.#idle.refresh();
    for (const resolve of waiting) resolve();
  }

  #end(outcome: LayerEnd['outcome']): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#idle);
    this.#releaseWriters();
    const reason = outcome === 'released' ? 'released' : (this.#cause?.reason ?? 'ended');
    this.#user.onEnd({ outcome, by: this.#cause?.by ?? 'local', reason });
  }
}
