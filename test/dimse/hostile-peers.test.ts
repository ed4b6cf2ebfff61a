import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encode } from '../../src/dimse/pdu-encoder.js';
import type { ReaderItem } from '../../src/dimse/pdu-reader.js';
import type { PDU } from '../../src/dimse/pdu.js';
import { openDescriptors } from '../descriptors.js';
import { hasPeer, peerEnvironment } from '../peers.js';
import { associateRequest, commandPDU, datasetPDU, echoRequest, RawPeer, storeRequest } from './raw-peer.js';
import { recordingServer, type RecordingServer } from './recording-server.js';

/** A server beside which one well-behaved association stays open: it must go on whatever the other peer does. */
let node: RecordingServer;
let witness: RawPeer;
let sockets: number;

beforeEach(async () => {
  sockets = openDescriptors('socket:').length;
  node = await recordingServer({ artimTimeoutMs: 1000, idleTimeoutMs: 60_000, maxPDULength: 16_384 });
  witness = await RawPeer.associate(node.port);
});

afterEach(async () => {
  witness.send(commandPDU(1, echoRequest(99)));
  expect(await witness.response()).toMatchObject({ MessageIDBeingRespondedTo: 99, Status: 0 });
  expect(await witness.release()).toEqual({ type: 'release-rp' });
  await node.server.close();
  expect(node.openSinks()).toBe(0);
  expect(node.server.connections).toBe(0);
  for (let turns = 0; turns < 1000 && openDescriptors('socket:').length > sockets; turns++) await setImmediate();
  expect(openDescriptors('socket:').length).toBe(sockets);
});

/** A PDU full of fragments that are not the last and hold nothing. */
const emptyFragments = (contextID: number, isCommand: boolean): PDU => ({
  type: 'data-tf',
  presentationDataValues: Array.from({ length: 2048 }, () => ({
    contextID,
    isCommand,
    isLast: false,
    data: Buffer.alloc(0),
  })),
});

const byUser: ReaderItem = { type: 'abort', source: 0, reason: 0 };
const byProvider = (reason: number): ReaderItem => ({ type: 'abort', source: 2, reason });
const unexpected = byProvider(2);
const invalid = byProvider(6);

describe('before an association', () => {
  it.each<[string, Buffer, RegExp]>([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /PDU type 0x47/],
    ['a PDU length of 0xFFFFFFF0', Buffer.from('0100fffffff0', 'hex'), /4294967280 bytes/],
    ['a P-DATA-TF', Buffer.from('04000000000a00000006010341424344', 'hex'), /P-DATA-TF in state Sta2/],
    ['an A-RELEASE-RQ', Buffer.from('05000000000400000000', 'hex'), /A-RELEASE-RQ in state Sta2/],
  ])('%s is answered with A-ABORT by the service user (AA-1)', async (_, bytes, reason) => {
    const peer = await RawPeer.connect(node.port);
    peer.sendBytes(bytes);
    expect(await peer.rest()).toEqual([byUser]);
    expect(node.refused).toEqual([expect.stringMatching(reason)]);
  });

  it('an A-ABORT and a mere disconnect are accepted as they are', async () => {
    const aborting = await RawPeer.connect(node.port);
    aborting.send({ type: 'abort', source: 0, reason: 0 });
    expect(await aborting.rest()).toEqual([]);
    const leaving = await RawPeer.connect(node.port);
    leaving.socket.destroy();
    await node.until(() => node.refused.length === 2);
    expect(node.refused[0]).toBe('A-ABORT from the service user');
    expect(node.refused[1]).toMatch(/closed the connection/);
  });

  it('300 silent connections leave room for others, and ARTIM ends them', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const socket = connect({ port: node.port, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        return { socket, closed: once(socket.resume(), 'close') };
      }),
    );
    const peer = await RawPeer.associate(node.port);
    expect(node.server.connections).toBeLessThanOrEqual(1 + 1 + 128);
    await peer.release();
    await Promise.all(sockets.map(({ closed }) => closed));
    await node.until(() => node.refused.length === 300);
    expect(node.refused.filter((reason) => reason.includes('ARTIM')).length).toBeGreaterThan(100);
  });

  it('a rejected peer that keeps asking is told once that it may not', async () => {
    const peer = await RawPeer.connect(node.port);
    peer.send(...Array.from({ length: 1000 }, () => associateRequest({ calledAETitle: 'NOBODY' })));
    expect(await peer.rest()).toEqual([{ type: 'associate-rj', result: 1, source: 1, reason: 7 }, unexpected]);
  });

  it('96 MB after an invalid length cost neither memory nor time', async () => {
    const peer = await RawPeer.connect(node.port);
    peer.sendBytes('0400fffffff0');
    const million = Buffer.alloc(1_000_000);
    const before = process.memoryUsage().rss;
    for (let sent = 0; sent < 96 && !peer.socket.destroyed; sent++) {
      await new Promise<void>((resolve) => peer.socket.write(million, () => resolve()));
    }
    expect(peer.socket.destroyed).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });
});

describe('within an association', () => {
  it.each<[string, (peer: RawPeer) => void, ReaderItem, RegExp]>([
    ['a second A-ASSOCIATE-RQ', (peer) => peer.send(associateRequest()), unexpected, /A-ASSOCIATE-RQ in state Sta6/],
    [
      'an A-ASSOCIATE-RJ',
      (peer) => peer.send({ type: 'associate-rj', result: 1, source: 1, reason: 1 }),
      unexpected,
      /./,
    ],
    ['a PDU longer than negotiated', (peer) => peer.sendBytes('040000004001'), invalid, /16385 bytes where 16384/],
    ['an unknown PDU type', (peer) => peer.sendBytes('08000000000400000000'), byProvider(1), /PDU type 0x08/],
    [
      'a presentation context that was not accepted',
      (peer) => peer.send(commandPDU(77, echoRequest(1))),
      invalid,
      /presentation context 77/,
    ],
    [
      'a data set where none was announced',
      (peer) => peer.send(datasetPDU(3, Buffer.alloc(100))),
      byUser,
      /where none was announced/,
    ],
    [
      'a command where a data set was announced',
      (peer) => peer.send(commandPDU(3, storeRequest(1)), commandPDU(1, echoRequest(2))),
      byUser,
      /where a data set was announced/,
    ],
    [
      'a data set on another context than its command',
      (peer) => peer.send(commandPDU(3, storeRequest(1)), datasetPDU(1, Buffer.alloc(10))),
      byUser,
      /./,
    ],
    [
      'command fragments of two contexts',
      (peer) =>
        peer.send({
          type: 'data-tf',
          presentationDataValues: [
            { contextID: 1, isCommand: true, isLast: false, data: Buffer.alloc(8) },
            { contextID: 3, isCommand: true, isLast: true, data: Buffer.alloc(8) },
          ],
        }),
      byUser,
      /mixed/,
    ],
    [
      'a command set that is none',
      (peer) =>
        peer.send({
          type: 'data-tf',
          presentationDataValues: [{ contextID: 1, isCommand: true, isLast: true, data: Buffer.from('not a command') }],
        }),
      byUser,
      /command set/,
    ],
    [
      'a command set beyond the limit',
      (peer) => {
        for (let sent = 0; sent < 6; sent++) {
          peer.send({
            type: 'data-tf',
            presentationDataValues: [{ contextID: 1, isCommand: true, isLast: false, data: Buffer.alloc(16_000) }],
          });
        }
      },
      byUser,
      /more than 65536 bytes/,
    ],
    [
      'a command set in fragments without bytes and without end',
      (peer) => peer.send(emptyFragments(1, true), emptyFragments(1, true), emptyFragments(1, true)),
      byUser,
      /more than 4096 fragments/,
    ],
    [
      'a data set in fragments without bytes and without end',
      (peer) =>
        peer.send(
          commandPDU(3, storeRequest(1)),
          emptyFragments(3, false),
          datasetPDU(3, Buffer.alloc(2), false),
          emptyFragments(3, false),
          emptyFragments(3, false),
        ),
      byUser,
      /more than 4096 fragments/,
    ],
    [
      'a response to nothing',
      (peer) => peer.send(commandPDU(3, { ...storeRequest(1), CommandField: 0x8001, CommandDataSetType: 0x0101 })),
      byUser,
      /answers no request/,
    ],
  ])('%s is aborted', async (_, misbehave, abort, reason) => {
    const peer = await RawPeer.associate(node.port);
    misbehave(peer);
    expect(await peer.rest()).toEqual([abort]);
    await node.until(() => node.ends.length === 1);
    expect(node.ends[0]).toMatchObject({ outcome: 'aborted', reason: expect.stringMatching(reason) as unknown });
  });

  it.each<[string, (peer: RawPeer) => void, RegExp]>([
    ['disconnects', (peer) => peer.socket.destroy(), /closed the connection|connection error/],
    ['aborts', (peer) => peer.send({ type: 'abort', source: 0, reason: 0 }), /A-ABORT from the service user/],
    ['releases', (peer) => peer.send({ type: 'release-rq' }), /release came in the middle/],
    ['sends garbage', (peer) => peer.sendBytes(Buffer.alloc(100, 0x47)), /PDU type/],
  ])('a transfer is given up if the peer %s midway', async (_, leave, reason) => {
    const peer = await RawPeer.associate(node.port);
    peer.send(commandPDU(3, storeRequest(1)), datasetPDU(3, Buffer.alloc(9000), false));
    leave(peer);
    await node.until(() => node.ends.length === 1);
    expect(node.abandoned).toEqual([expect.stringMatching(reason)]);
    expect(node.ends[0]).toMatchObject({ outcome: 'aborted', instancesStored: 0 });
    expect(node.received).toHaveLength(0);
  });

  it('100 transfers interrupted midway leave nothing open', async () => {
    for (let round = 0; round < 100; round++) {
      const peer = await RawPeer.associate(node.port);
      peer.send(commandPDU(3, storeRequest(round + 1)), datasetPDU(3, Buffer.alloc(1000), false));
      await new Promise<void>((resolve) => peer.socket.write('', () => resolve()));
      peer.socket.destroy();
    }
    await node.until(() => node.ends.length === 100);
    expect(node.openSinks()).toBe(0);
  });

  it('200 peers that release without closing leave room for others', async () => {
    const peers: RawPeer[] = [];
    for (let number = 0; number < 200; number++) {
      const peer = await RawPeer.associate(node.port);
      peer.send({ type: 'release-rq' });
      expect(await peer.next()).toEqual({ type: 'release-rp' });
      peers.push(peer);
    }
    await node.until(() => node.ends.length === 200);
    expect(node.server.connections).toBeLessThanOrEqual(1 + 1 + 128);
    for (const { socket } of peers) socket.destroy();
  });

  it('silence is timed, even in the middle of a transfer', async () => {
    const impatient = await recordingServer({ idleTimeoutMs: 500 });
    const peer = await RawPeer.associate(impatient.port);
    peer.send(commandPDU(3, storeRequest(1)), datasetPDU(3, Buffer.alloc(1000), false));
    expect(await peer.rest()).toEqual([byUser]);
    await impatient.until(() => impatient.ends.length === 1);
    expect(impatient.ends[0].reason).toBe('the peer was silent for 500 ms');
    expect(impatient.abandoned).toHaveLength(1);
    await impatient.server.close();
  });

  it('a handler that takes longer than the idle timeout is waited for', async () => {
    const patient = await recordingServer({
      idleTimeoutMs: 500,
      handler: () => ({
        write: () => undefined,
        finish: () => new Promise((resolve) => setTimeout(() => resolve({ Status: 0 }), 1200)),
        abort: () => undefined,
      }),
    });
    const peer = await RawPeer.associate(patient.port);
    peer.send(commandPDU(3, storeRequest(1)), datasetPDU(3, Buffer.alloc(1000)));
    expect(await peer.response()).toMatchObject({ Status: 0 });
    await peer.release();
    await patient.server.close();
  });

  it('a peer that floods requests and reads no answers is throttled', async () => {
    const peer = await RawPeer.associate(node.port);
    peer.socket.pause();
    const burst = Buffer.concat(Array.from({ length: 1000 }, (_, id) => encode(commandPDU(1, echoRequest(id)))));
    for (let round = 0; round < 400; round++) peer.sendBytes(burst);
    let unsent = -1;
    for (let turns = 0; turns < 500; turns++) {
      if (peer.socket.writableLength !== unsent) turns = 0;
      unsent = peer.socket.writableLength;
      await setImmediate();
    }
    expect(unsent).toBeGreaterThan((400 * burst.length) / 4);
    peer.socket.destroy();
    await node.until(() => node.ends.length === 1);
    expect(node.ends[0].outcome).toBe('aborted');
  });

  it.skipIf(!hasPeer('echoscu'))('echoscu is answered while a peer is silent in the middle of a PDU', async () => {
    const peer = await RawPeer.associate(node.port);
    peer.sendBytes('0400000040');
    await promisify(execFile)('echoscu', ['-aec', 'PRIORA', '127.0.0.1', String(node.port)], { env: peerEnvironment });
    peer.socket.destroy();
    await node.until(() => node.ends.length === 2);
    expect(node.ends.map(({ outcome }) => outcome).sort()).toEqual(['aborted', 'released']);
  });
});
