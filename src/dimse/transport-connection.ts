import type { Socket } from 'node:net';
import type { Screen } from './pdu-decoder.js';
import { PDUReader, type ReaderItem } from './pdu-reader.js';
import { quickAcknowledge } from './quickack.js';
import { ProtocolError } from './refusal.js';

/** Bytes that are read and dropped after our last word before the connection is cut without waiting for ARTIM. */
const maxBytesAfterEnd = 1_048_576;

/** What happens on a transport connection. Whatever a handler throws comes back as `onFault` and goes no further. */
export interface TransportUser {
  onItem(item: ReaderItem): void;
  /** The stream does not consist of PDUs; nothing more of it is read. */
  onInvalid(error: ProtocolError): void;
  onClosed(reason: string): void;
  onARTIM(): void;
  /** It is the peer's turn, and it has been silent for too long. */
  onSilence(): void;
  /** Something of ours threw. */
  onFault(error: unknown): void;
}

export interface TransportOptions {
  /** Largest P-DATA-TF that is read. */
  readonly maxPDULength: number;
  readonly artimTimeoutMs: number;
  /** Silence of the peer that is allowed while {@link TransportConnection.expectPeer} says that it is its turn. */
  readonly idleTimeoutMs: number;
  /** Refuses an A-ASSOCIATE-RQ because of its fixed fields. */
  readonly screen?: Screen;
  /** Belongs to the plain TCP socket, if the given one is a TLS socket. */
  readonly acknowledge?: (() => void) | null;
}

/**
 * A connected socket with what the upper layer needs around it: PDUs out of the stream, back-pressure both ways, the
 * ARTIM timer (PS3.8 9.1.5) and a watch over the peer's silence.
 */
export class TransportConnection {
  readonly #socket: Socket;
  readonly #user: TransportUser;
  readonly #options: TransportOptions;
  readonly #reader: PDUReader;
  readonly #acknowledge: (() => void) | null;
  #artim: NodeJS.Timeout | null = null;
  readonly #idle: NodeJS.Timeout;
  #peerExpected = false;
  /** Input waits for a promise of the user's. */
  #held = false;
  /** Input no longer matters: bytes are counted and dropped. */
  #deaf = false;
  #droppedBytes = 0;
  /** Why the connection broke, once that is known. */
  #brokenBy = 'the peer closed the connection without a release';
  #writers: (() => void)[] = [];

  constructor(socket: Socket, user: TransportUser, options: TransportOptions) {
    this.#socket = socket;
    this.#user = user;
    this.#options = options;
    this.#reader = new PDUReader(options.maxPDULength, options.screen);
    this.#acknowledge = options.acknowledge === undefined ? quickAcknowledge(socket) : options.acknowledge;
    this.#idle = setTimeout(() => this.#guard(() => this.#idleExpired()), options.idleTimeoutMs);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('drain', () => this.#releaseWriters());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#brokenBy = `connection error ${error.code ?? error.message}`;
    });
    socket.on('close', () => {
      this.stopARTIM();
      clearTimeout(this.#idle);
      this.#releaseWriters();
      this.#guard(() => user.onClosed(this.#brokenBy));
    });
  }

  /** A PDU of a few bytes; it waits for nothing. */
  send(pdu: Buffer): void {
    if (this.#socket.writable) this.#socket.write(pdu);
  }

  /** PDUs of any length; {@link drained} says when more may follow. */
  sendData(pdus: readonly Buffer[]): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const pdu of pdus) this.#socket.write(pdu);
    this.#socket.uncork();
  }

  /** A promise if the peer does not read fast enough; it also settles when the connection ends. */
  drained(): void | Promise<void> {
    if (this.#socket.writableNeedDrain) return new Promise((resolve) => this.#writers.push(resolve));
  }

  /** Our last word: we say nothing more, and whatever the peer still sends is read and dropped. */
  sendLast(pdu: Buffer): void {
    this.send(pdu);
    this.hangUp();
  }

  /** We say nothing more and hear nothing more. The connection ends when the peer ends it, too. */
  hangUp(): void {
    this.#deaf = true;
    this.#releaseWriters();
    this.#socket.end();
    this.#socket.resume();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#deaf = true;
    this.#socket.destroy();
  }

  startARTIM(): void {
    this.stopARTIM();
    this.#artim = setTimeout(() => this.#guard(() => this.#user.onARTIM()), this.#options.artimTimeoutMs);
  }

  stopARTIM(): void {
    if (this.#artim) clearTimeout(this.#artim);
    this.#artim = null;
  }

  /** Sets whether the peer's silence counts against it; it does not while we work on its request. */
  expectPeer(expected: boolean): void {
    this.#peerExpected = expected;
    this.#idle.refresh();
  }

  /** Holds further input back until `work` settles. */
  hold(work: void | Promise<void>): void {
    if (!work) return;
    this.#held = true;
    const goOn = () => {
      this.#held = false;
      this.#guard(() => this.#pump());
    };
    work.then(goOn, (error: unknown) => {
      this.#fault(error);
      goOn();
    });
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

  /** Processes what has been received, until input is held back or used up. */
  #pump(): void {
    while (!this.#held && !this.#deaf) {
      let item: ReaderItem | null;
      try {
        item = this.#reader.next();
      } catch (error) {
        this.#deaf = true;
        if (!(error instanceof ProtocolError)) throw error;
        this.#user.onInvalid(error);
        return;
      }
      if (!item) break;
      this.#user.onItem(item);
    }
    if (!this.#held && this.#socket.isPaused()) this.#socket.resume();
  }

  #idleExpired(): void {
    if (this.#peerExpected && !this.#held && !this.#deaf) this.#user.onSilence();
    else this.#idle.refresh();
  }

  #releaseWriters(): void {
    const waiting = this.#writers;
    this.#writers = [];
    this.#idle.refresh();
    for (const resolve of waiting) resolve();
  }

  /** Every way in from the event loop: what goes wrong in here ends this connection and no other. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    try {
      this.#user.onFault(error);
    } catch {
      this.#socket.destroy();
    }
  }
}
