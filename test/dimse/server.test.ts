import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { PrioraError } from '../../src/core/errors.js';
import { TransferSyntax, SOPClass } from '../../src/dicom/uid.js';
import { createServer } from '../../src/dimse/server.js';
import type { DatasetSink } from '../../src/dimse/service.js';
import { silentLogger } from '../../src/core/log.js';
import { associateRequest, commandPDU, datasetPDU, echoRequest, RawPeer, storeRequest } from './raw-peer.js';
import { recordingServer, type RecordingServer } from './recording-server.js';

let node: RecordingServer;
afterEach(() => node.server.close());

const start = async (options: Parameters<typeof recordingServer>[0] = {}) => (node = await recordingServer(options));

describe('association negotiation', () => {
  it.each([
    ['another called AE title', { calledAETitle: 'OTHER' }, { result: 1, source: 1, reason: 7 }],
    ['an unwelcome calling AE title', { callingAETitle: 'STRANGER' }, { result: 1, source: 1, reason: 3 }],
    ['another application context', { applicationContextName: '1.2.3' }, { result: 1, source: 1, reason: 2 }],
    ['another protocol version', { protocolVersion: 2 }, { result: 1, source: 2, reason: 2 }],
  ])('rejects %s', async (_, changes, rejection) => {
    await start({ callingAETitles: ['RAW'] });
    const peer = await RawPeer.connect(node.port);
    peer.send(associateRequest(changes));
    expect(await peer.next()).toEqual({ type: 'associate-rj', ...rejection });
    peer.socket.end();
    await node.until(() => node.refused.length === 1);
    expect(node.refused[0]).toMatch(/^rejected permanently/);
  });

  it('rejects associations beyond the limit transiently, and serves again afterwards', async () => {
    await start({ maxAssociations: 2 });
    const first = await RawPeer.associate(node.port);
    const second = await RawPeer.associate(node.port);
    const third = await RawPeer.connect(node.port);
    third.send(associateRequest());
    expect(await third.next()).toEqual({ type: 'associate-rj', result: 2, source: 3, reason: 2 });
    await first.release();
    await node.until(() => node.ends.length === 1);
    const fourth = await RawPeer.associate(node.port);
    expect((await fourth.release())?.type).toBe('release-rp');
    await second.release();
  });

  it('answers contexts by what it supports, in the proposer’s order of transfer syntaxes', async () => {
    await start({
      supportedContexts: [
        {
          abstractSyntax: SOPClass.MRImageStorage,
          transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.JPEGLossless],
        },
      ],
    });
    const peer = await RawPeer.connect(node.port);
    peer.send(
      associateRequest({
        presentationContexts: [
          {
            id: 5,
            abstractSyntax: SOPClass.MRImageStorage,
            transferSyntaxes: [
              TransferSyntax.RLELossless,
              TransferSyntax.JPEGLossless,
              TransferSyntax.ExplicitVRLittleEndian,
            ],
          },
          { id: 7, abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.RLELossless] },
          { id: 255, abstractSyntax: '1.2.3', transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
        ],
      }),
    );
    const answer = await peer.next();
    expect(answer).toMatchObject({
      type: 'associate-ac',
      presentationContexts: [
        { id: 5, result: 0, transferSyntax: TransferSyntax.JPEGLossless },
        { id: 7, result: 4 },
        { id: 255, result: 3 },
      ],
    });
    await peer.release();
  });

  it('answers an operations window with 1/1, roles with what it grants, an unlimited PDU with its own limit', async () => {
    await start();
    const peer = await RawPeer.connect(node.port);
    peer.send(
      associateRequest({
        userInformation: {
          maximumLength: 0,
          implementationClassUID: '1.2.3',
          asynchronousOperationsWindow: { invoked: 8, performed: 0 },
          roleSelections: [
            { SOPClassUID: SOPClass.MRImageStorage, scu: true, scp: true },
            { SOPClassUID: SOPClass.Verification, scu: false, scp: true },
          ],
          extendedNegotiations: [
            { SOPClassUID: SOPClass.MRImageStorage, serviceClassApplicationInformation: Buffer.from([1, 0, 0]) },
          ],
          commonExtendedNegotiations: [],
          userIdentity: {
            type: 1,
            positiveResponseRequested: true,
            primaryField: Buffer.from('someone'),
            secondaryField: Buffer.alloc(0),
          },
        },
      }),
    );
    const answer = await peer.next();
    expect(answer).toMatchObject({
      presentationContexts: [
        { id: 1, result: 1 },
        { id: 3, result: 0 },
      ],
      userInformation: {
        maximumLength: 131_072,
        asynchronousOperationsWindow: { invoked: 1, performed: 1 },
        roleSelections: [
          { SOPClassUID: SOPClass.MRImageStorage, scu: true, scp: false },
          { SOPClassUID: SOPClass.Verification, scu: false, scp: false },
        ],
        extendedNegotiations: [],
      },
    });
    expect((answer as { userInformation: object }).userInformation).not.toHaveProperty('userIdentityResponse');
    await peer.release();
  });

  it('leaves out the operations window if none was proposed', async () => {
    await start();
    const peer = await RawPeer.connect(node.port);
    peer.send(associateRequest());
    const answer = await peer.next();
    expect((answer as { userInformation: object }).userInformation).not.toHaveProperty('asynchronousOperationsWindow');
    await peer.release();
  });

  it('names a listening address that is in use', async () => {
    await start();
    const other = createServer({
      aeTitle: 'X',
      port: node.port,
      supportedContexts: [],
      services: [],
      logger: silentLogger,
    });
    await expect(other.listen()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(() =>
      createServer({ aeTitle: ' ', port: 0, supportedContexts: [], services: [], logger: silentLogger }),
    ).toThrow(PrioraError);
  });
});

describe('services', () => {
  it('answers pipelined requests one at a time, in order', async () => {
    let atWork = 0;
    let mostAtWork = 0;
    const order: string[] = [];
    await start({
      handler: ({ AffectedSOPInstanceUID }) => {
        mostAtWork = Math.max(mostAtWork, ++atWork);
        return {
          write: () => undefined,
          finish: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            atWork--;
            order.push(AffectedSOPInstanceUID);
            return { Status: 0 };
          },
          abort: () => undefined,
        };
      },
    });
    const peer = await RawPeer.associate(node.port);
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    peer.send(...ids.flatMap((id) => [commandPDU(3, storeRequest(id)), datasetPDU(3, Buffer.alloc(5000, id))]));
    peer.send(commandPDU(1, echoRequest(9)), { type: 'release-rq' });
    for (const id of ids) {
      expect(await peer.response()).toMatchObject({
        CommandField: 0x8001,
        MessageIDBeingRespondedTo: id,
        Status: 0,
        AffectedSOPInstanceUID: `1.2.3.${id}`,
      });
    }
    expect(await peer.response()).toMatchObject({ CommandField: 0x8030, MessageIDBeingRespondedTo: 9 });
    expect(await peer.next()).toEqual({ type: 'release-rp' });
    peer.socket.end();
    await node.until(() => node.ends.length === 1);
    expect(node.ends[0]).toMatchObject({ outcome: 'released', instancesStored: 8 });
    expect(order).toEqual(ids.map((id) => `1.2.3.${id}`));
    expect(mostAtWork).toBe(1);
  });

  it('holds the sender back while a sink is not ready', async () => {
    let held: (() => void) | null = null;
    let holding = true;
    let seen = 0;
    await start({
      handler: () => ({
        write: (chunk) => {
          seen += chunk.length;
          return holding ? new Promise<void>((resolve) => (held = resolve)) : undefined;
        },
        finish: () => Promise.resolve({ Status: 0 }),
        abort: () => undefined,
      }),
    });
    const peer = await RawPeer.associate(node.port);
    const size = 64_000_000;
    const fragment = Buffer.alloc(16_000);
    peer.send(commandPDU(3, storeRequest(1)));
    for (let at = 0; at < size; at += fragment.length) peer.send(datasetPDU(3, fragment, at + fragment.length >= size));
    // Turns of the event loop until the sender has long been standing still.
    let unsent = -1;
    for (let turns = 0; turns < 200; turns++) {
      if (peer.socket.writableLength !== unsent) turns = 0;
      unsent = peer.socket.writableLength;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What is neither with the sender nor in the sink fits in the kernel's buffers and a single read.
    expect(unsent).toBeGreaterThan(size / 2);
    expect(seen).toBeLessThanOrEqual(65_536);
    holding = false;
    held!();
    expect(await peer.response()).toMatchObject({ Status: 0 });
    expect(seen).toBe(size);
    await peer.release();
  });

  it.each<[string, () => DatasetSink | Promise<DatasetSink>]>([
    [
      'open',
      () => {
        throw new PrioraError('STORAGE_FULL', 'no space left');
      },
    ],
    ['open, later', () => Promise.reject(new PrioraError('STORAGE_FULL', 'no space left'))],
    ['write', () => failingSink('write')],
    ['write, later', () => failingSink('write later')],
    ['finish', () => failingSink('finish')],
  ])('answers a handler that fails in %s with its status, and continues', async (_, open) => {
    let first = true;
    let aborted = 0;
    await start({
      handler: async () => {
        if (!first) return failingSink('never');
        first = false;
        const sink = await open();
        return { ...sink, abort: () => void aborted++ };
      },
    });
    const peer = await RawPeer.associate(node.port);
    peer.send(
      commandPDU(3, storeRequest(1)),
      datasetPDU(3, Buffer.alloc(9000), false),
      datasetPDU(3, Buffer.alloc(9000)),
    );
    expect(await peer.response()).toMatchObject({
      Status: 0xa700,
      ErrorComment: 'STORAGE_FULL: no space left',
      MessageIDBeingRespondedTo: 1,
    });
    peer.send(commandPDU(3, storeRequest(2)), datasetPDU(3, Buffer.alloc(9000)));
    expect(await peer.response()).toMatchObject({ Status: 0, MessageIDBeingRespondedTo: 2 });
    await peer.release();
    await node.until(() => node.ends.length === 1);
    expect(node.ends[0]).toMatchObject({ outcome: 'released', instancesStored: 1 });
    expect(aborted).toBeLessThanOrEqual(1);
  });

  it('gives up one association alone for a hook or a handler that throws where it must not', async () => {
    const errors: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
    await start({
      logger,
      handler: () => ({
        write: () => undefined,
        finish: () => Promise.resolve({ Status: 0, MessageID: 70_000 }),
        abort: () => {
          throw new Error('nothing to abort');
        },
      }),
      onAssociationClosed: () => {
        throw new Error('nobody listens');
      },
      onRefused: () => {
        throw new Error('nobody cares');
      },
    });
    const refused = await RawPeer.connect(node.port);
    refused.send(associateRequest({ calledAETitle: 'NOBODY' }));
    expect(await refused.next()).toMatchObject({ type: 'associate-rj' });
    const leaving = await RawPeer.associate(node.port);
    leaving.send(commandPDU(3, storeRequest(1)), datasetPDU(3, Buffer.alloc(10), false));
    leaving.socket.end();
    await leaving.rest();
    const unanswerable = await RawPeer.associate(node.port);
    unanswerable.send(commandPDU(3, storeRequest(1)), datasetPDU(3, Buffer.alloc(10)));
    expect(await unanswerable.response()).toMatchObject({ Status: 0x0110 });
    await unanswerable.release();
    const peer = await RawPeer.associate(node.port);
    peer.send(commandPDU(1, echoRequest(1)));
    expect(await peer.response()).toMatchObject({ Status: 0 });
    await peer.release();
    refused.socket.destroy();
    await node.server.close();
    expect(errors.filter((line) => line.includes('a hook of the DICOM server failed'))).toHaveLength(4);
    expect(errors.some((line) => line.includes('a sink failed to abort'))).toBe(true);
  });

  it('tells the peer nothing about an error that is not ours', async () => {
    await start({
      handler: () => {
        throw new Error('Doe^Jane is in /var/lib');
      },
    });
    const peer = await RawPeer.associate(node.port);
    peer.send(commandPDU(3, storeRequest(1)), datasetPDU(3, Buffer.alloc(10)));
    expect(await peer.response()).toMatchObject({ Status: 0x0110, ErrorComment: 'INTERNAL' });
    await peer.release();
  });

  it.each([
    ['another SOP class than its context', { AffectedSOPClassUID: SOPClass.EnhancedMRImageStorage }],
    ['no SOP instance UID', { AffectedSOPInstanceUID: '' }],
    ['a SOP instance UID that is a path', { AffectedSOPInstanceUID: '../../etc/passwd' }],
  ])('refuses a C-STORE-RQ with %s', async (_, changes) => {
    await start();
    const peer = await RawPeer.associate(node.port);
    peer.send(commandPDU(3, { ...storeRequest(1), ...changes }), datasetPDU(3, Buffer.alloc(10)));
    expect(await peer.response()).toMatchObject({ Status: 0xa900 });
    await peer.release();
    expect(node.received).toHaveLength(0);
  });

  it('answers an operation it does not know with 0x0211, and tolerates C-CANCEL', async () => {
    await start();
    const peer = await RawPeer.associate(node.port);
    peer.send(
      commandPDU(3, { ...storeRequest(1), CommandField: 0x0020 }),
      datasetPDU(3, Buffer.alloc(100)),
      commandPDU(1, { CommandField: 0x0fff, MessageIDBeingRespondedTo: 1, CommandDataSetType: 0x0101 }),
      commandPDU(1, echoRequest(2)),
    );
    expect(await peer.response()).toMatchObject({ CommandField: 0x8020, Status: 0x0211, MessageIDBeingRespondedTo: 1 });
    expect(await peer.response()).toMatchObject({ CommandField: 0x8030, Status: 0, MessageIDBeingRespondedTo: 2 });
    await peer.release();
  });

  it('sends pending responses with identifiers, and cancels on C-CANCEL', async () => {
    await start({
      services: [
        {
          commandField: 0x0020,
          open: (_, exchange) => ({
            write: () => undefined,
            finish: async () => {
              await exchange.respond({ Status: 0xff00, dataset: Buffer.from('identifier') });
              await new Promise((resolve) => exchange.signal.addEventListener('abort', resolve));
              return { Status: 0xfe00 };
            },
            abort: () => undefined,
          }),
        },
      ],
    });
    const peer = await RawPeer.associate(node.port);
    peer.send(commandPDU(3, { ...storeRequest(7), CommandField: 0x0020 }), datasetPDU(3, Buffer.alloc(100)));
    expect(await peer.response()).toMatchObject({ Status: 0xff00, MessageIDBeingRespondedTo: 7 });
    expect(await peer.next()).toEqual({ type: 'data-begin' });
    expect(await peer.next()).toMatchObject({ isCommand: false, isLast: true, data: Buffer.from('identifier') });
    peer.send(commandPDU(3, { CommandField: 0x0fff, MessageIDBeingRespondedTo: 7, CommandDataSetType: 0x0101 }));
    expect(await peer.response()).toMatchObject({ Status: 0xfe00, MessageIDBeingRespondedTo: 7 });
    await peer.release();
  });

  it('keeps to a peer’s small PDUs', async () => {
    await start();
    const peer = await RawPeer.connect(node.port);
    peer.send(associateRequest({ userInformation: { ...associateRequest().userInformation, maximumLength: 16 } }));
    await peer.next();
    peer.send(commandPDU(1, echoRequest(1)));
    const lengths: number[] = [];
    for (let last = false; !last;) {
      const item = await peer.next();
      if (item?.type !== 'data') continue;
      lengths.push(item.data.length);
      last = item.isLast;
    }
    expect(Math.max(...lengths)).toBe(10);
    await peer.release();
  });
});

function failingSink(at: 'write' | 'write later' | 'finish' | 'never'): DatasetSink {
  const failure = () => new PrioraError('STORAGE_FULL', 'no space left');
  return {
    write: () => {
      if (at === 'write') throw failure();
      return at === 'write later' ? Promise.reject(failure()) : undefined;
    },
    finish: () => (at === 'finish' ? Promise.reject(failure()) : Promise.resolve({ Status: 0 })),
    abort: () => undefined,
  };
}
