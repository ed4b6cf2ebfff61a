import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { decodeCommandSet, encodeCommandSet, type CommandSet } from '../../src/dimse/command-set.js';
import { encode } from '../../src/dimse/pdu-encoder.js';
import { PDUReader, type ReaderItem } from '../../src/dimse/pdu-reader.js';
import { applicationContextName, type AssociateRQ, type PDU } from '../../src/dimse/pdu.js';

/** A well-formed A-ASSOCIATE-RQ: context 1 is Verification, context 3 MR storage. */
export const associateRequest = (changes: Partial<AssociateRQ> = {}): AssociateRQ => ({
  type: 'associate-rq',
  protocolVersion: 1,
  calledAETitle: 'PRIORA',
  callingAETitle: 'RAW',
  applicationContextName,
  presentationContexts: [
    { id: 1, abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
    { id: 3, abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
  ],
  userInformation: {
    maximumLength: 16_384,
    implementationClassUID: '1.2.3',
    roleSelections: [],
    extendedNegotiations: [],
    commonExtendedNegotiations: [],
  },
  ...changes,
});

/** The PDU of one command set, whole. */
export const commandPDU = (contextID: number, command: CommandSet): PDU => ({
  type: 'data-tf',
  presentationDataValues: [{ contextID, isCommand: true, isLast: true, data: encodeCommandSet(command) }],
});

/** The PDU of one data set fragment. */
export const datasetPDU = (contextID: number, data: Buffer, isLast = true): PDU => ({
  type: 'data-tf',
  presentationDataValues: [{ contextID, isCommand: false, isLast, data }],
});

export const storeRequest = (messageID: number, SOPInstanceUID = `1.2.3.${messageID}`): CommandSet => ({
  CommandField: 0x0001,
  AffectedSOPClassUID: SOPClass.MRImageStorage,
  AffectedSOPInstanceUID: SOPInstanceUID,
  MessageID: messageID,
  Priority: 0,
  CommandDataSetType: 1,
});

export const echoRequest = (messageID: number): CommandSet => ({
  CommandField: 0x0030,
  AffectedSOPClassUID: SOPClass.Verification,
  MessageID: messageID,
  CommandDataSetType: 0x0101,
});

/** A peer that sends what it is told to, right or wrong, and reads what comes back. */
export class RawPeer {
  readonly socket: Socket;
  readonly #reader = new PDUReader(1_000_000);
  readonly #items: ReaderItem[] = [];
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      for (let item = this.#reader.next(); item; item = this.#reader.next()) this.#items.push(item);
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  static async connect(port: number): Promise<RawPeer> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** A peer with an association that stands. */
  static async associate(port: number, request = associateRequest()): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.send(request);
    const answer = await peer.next();
    if (answer?.type !== 'associate-ac') throw new Error(`answered with ${answer?.type ?? 'nothing'}`);
    return peer;
  }

  send(...pdus: PDU[]): void {
    this.socket.write(Buffer.concat(pdus.map(encode)));
  }

  sendBytes(bytes: Buffer | string): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes);
  }

  /** What the server says next; null when it closed the connection. */
  async next(): Promise<ReaderItem | null> {
    while (this.#items.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#items.shift() ?? null;
  }

  /** The next response's command set. */
  async response(): Promise<CommandSet> {
    const begin = await this.next();
    if (begin?.type !== 'data-begin') throw new Error(`answered with ${begin?.type ?? 'nothing'}`);
    const piece = await this.next();
    if (piece?.type !== 'data') throw new Error('no data');
    return decodeCommandSet(piece.data);
  }

  /** Everything the server says until it closes. */
  async rest(): Promise<ReaderItem[]> {
    const items: ReaderItem[] = [];
    for (let item = await this.next(); item; item = await this.next()) items.push(item);
    return items;
  }

  async release(): Promise<ReaderItem | null> {
    this.send({ type: 'release-rq' });
    const answer = await this.next();
    this.socket.end();
    return answer;
  }
}
