import { once } from 'node:events';
import { createServer as createTCPServer, type AddressInfo, type Server as TCPServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association, type AssociationOptions } from '../../src/dimse/association.js';
import { decodeCommandSet } from '../../src/dimse/command-set.js';
import type { AssociateRQ } from '../../src/dimse/pdu.js';
import { accept } from './accept.js';
import { commandPDU, RawPeer } from './raw-peer.js';
import { recordingServer } from './recording-server.js';

let scp: TCPServer;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => scp.close(resolve));
});

/** An SCP that does what `behave` says with each connection. */
async function scripted(behave: (peer: RawPeer) => unknown): Promise<number> {
  scp = createTCPServer((socket) => {
    sockets.push(socket);
    void behave(new RawPeer(socket));
  }).listen(0);
  await once(scp, 'listening');
  return (scp.address() as AddressInfo).port;
}

const request = (port: number, changes: Partial<AssociationOptions> = {}) =>
  Association.request({
    host: '127.0.0.1',
    port,
    callingAETitle: 'PRIORA',
    calledAETitle: 'PACS',
    presentationContexts: [
      { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
      { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
    ],
    artimTimeoutMs: 1000,
    responseTimeoutMs: 1000,
    ...changes,
  });

/** Reads on to the end of a data set. */
async function wholeDataset(peer: RawPeer): Promise<void> {
  let item = await peer.next();
  while (item?.type !== 'data' || item.isCommand || !item.isLast) item = await peer.next();
}

const store = (association: Association, dataset: Iterable<Buffer> | AsyncIterable<Buffer> = [Buffer.alloc(1000)]) =>
  association.store({
    SOPClassUID: SOPClass.MRImageStorage,
    SOPInstanceUID: '1.2.3',
    transferSyntax: TransferSyntax.ExplicitVRLittleEndian,
    dataset,
  });

describe('association as SCU', () => {
  it.each<[string, (peer: RawPeer) => unknown, string, RegExp]>([
    [
      'a rejection',
      async (peer) => {
        await peer.next();
        peer.send({ type: 'associate-rj', result: 1, source: 1, reason: 7 });
      },
      'DESTINATION_REFUSED',
      /called AE title not recognized/,
    ],
    [
      'an abort',
      async (peer) => {
        await peer.next();
        peer.send({ type: 'abort', source: 2, reason: 2 });
      },
      'DESTINATION_REFUSED',
      /A-ABORT from the service provider: unexpected PDU/,
    ],
    ['a closed connection', (peer) => void peer.socket.destroy(), 'DESTINATION_UNREACHABLE', /./],
    ['silence', () => undefined, 'DESTINATION_UNREACHABLE', /1000 ms/],
    [
      'garbage',
      (peer) => peer.sendBytes(Buffer.from('HTTP/1.1 400 Bad Request')),
      'DESTINATION_UNREACHABLE',
      /PDU type 0x48/,
    ],
    [
      'a context it did not propose',
      (peer) =>
        accept(peer, (answer) => ({ ...answer, presentationContexts: [{ id: 9, result: 0, transferSyntax: '1.2' }] })),
      'DESTINATION_UNREACHABLE',
      /not proposed/,
    ],
    [
      'a maximum length of 2',
      (peer) =>
        accept(peer, (answer) => ({ ...answer, userInformation: { ...answer.userInformation, maximumLength: 2 } })),
      'DESTINATION_UNREACHABLE',
      /maximum length of 2/,
    ],
  ])('names %s instead of an acceptance', async (_, behave, code, message) => {
    const port = await scripted(behave);
    await expect(request(port)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });

  it('stands without an accepted context, and refuses what it is asked then', async () => {
    const port = await scripted((peer) =>
      accept(peer, (answer) => ({ ...answer, presentationContexts: [{ id: 1, result: 3, transferSyntax: '' }] })),
    );
    const association = await request(port);
    expect(association.info.presentationContexts).toEqual([]);
    const refusal = { code: 'DESTINATION_REFUSED', message: expect.stringContaining('PACS does not accept') as string };
    await expect(association.echo()).rejects.toMatchObject(refusal);
    await expect(store(association)).rejects.toMatchObject(refusal);
    association.abort();
  });

  it('reports a port nobody listens on as DESTINATION_UNREACHABLE', async () => {
    const port = await scripted(() => undefined);
    await new Promise((resolve) => scp.close(resolve));
    await expect(request(port)).rejects.toMatchObject({
      code: 'DESTINATION_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    scp = createTCPServer().listen(0);
  });

  it('never takes silence for success', async () => {
    const port = await scripted((peer) => accept(peer));
    const association = await request(port);
    await expect(store(association)).rejects.toMatchObject({
      code: 'DESTINATION_UNREACHABLE',
      message: expect.stringContaining('silent for 1000 ms') as unknown,
    });
  });

  it('gives up a peer that stops reading', async () => {
    const port = await scripted(async (peer) => {
      await accept(peer);
      peer.socket.pause();
    });
    const association = await request(port);
    const endless = (function* () {
      for (;;) yield Buffer.alloc(65_536);
    })();
    await expect(store(association, endless)).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  });

  it('aborts on an answer to another request, and does not believe it', async () => {
    const port = await scripted(async (peer) => {
      await accept(peer);
      peer.send(
        commandPDU(3, { CommandField: 0x8001, MessageIDBeingRespondedTo: 42, Status: 0, CommandDataSetType: 0x0101 }),
      );
    });
    const association = await request(port);
    await expect(store(association)).rejects.toMatchObject({
      message: expect.stringContaining('answers no request') as unknown,
    });
  });

  it('gives up at once a peer that answers C-STORE with Pending, for ever', async () => {
    const port = await scripted(async (peer) => {
      await accept(peer);
      const pending = {
        CommandField: 0x8001,
        MessageIDBeingRespondedTo: 1,
        Status: 0xff00,
        CommandDataSetType: 0x0101,
      };
      await wholeDataset(peer);
      while (!peer.socket.destroyed) {
        peer.send(commandPDU(3, pending));
        await setImmediate();
      }
    });
    const association = await request(port, { responseTimeoutMs: 60_000 });
    await expect(store(association)).rejects.toMatchObject({
      code: 'DESTINATION_UNREACHABLE',
      message: expect.stringContaining('C-STORE-RQ with Pending') as string,
    });
  });

  it.each([
    ['as many requests at once as the peer allows', 8, { invoked: 3, performed: 1 }, 3],
    ['no more than it wants', 2, { invoked: 8, performed: 1 }, 2],
    ['as many as it wants where the peer sets no limit', 4, { invoked: 0, performed: 0 }, 4],
    ['one at a time where the peer does not answer', 8, undefined, 1],
    ['one at a time where it does not ask', 1, undefined, 1],
  ])('has %s under way', async (_, maxOperationsInvoked, asynchronousOperationsWindow, expected) => {
    const seen: number[] = [];
    let proposed: unknown;
    const port = await scripted(async (peer) => {
      proposed = await accept(peer, (answer) => ({
        ...answer,
        userInformation: {
          ...answer.userInformation,
          ...(asynchronousOperationsWindow ? { asynchronousOperationsWindow } : {}),
        },
      }));
      // Answers only when no more requests come by themselves, the latest first.
      for (;;) {
        const open: number[] = [];
        while (open.length < expected && seen.reduce((sum, count) => sum + count, 0) + open.length < 12) {
          const item = await peer.next();
          if (item?.type === 'data' && item.isCommand) open.push(decodeCommandSet(item.data).MessageID!);
          if (!item) return;
        }
        if (open.length === 0) return;
        seen.push(open.length);
        for (const MessageIDBeingRespondedTo of open.reverse()) {
          const answer = { MessageIDBeingRespondedTo, Status: 0, CommandDataSetType: 0x0101 };
          peer.send(commandPDU(1, { ...answer, CommandField: 0x8030 }));
        }
      }
    });
    const association = await request(port, { maxOperationsInvoked });
    const answers = await Promise.all(Array.from({ length: 12 }, () => association.echo()));
    expect(answers.every(({ Status }) => Status === 0)).toBe(true);
    expect(seen.slice(0, -1).every((count) => count === expected)).toBe(true);
    const window = maxOperationsInvoked === 1 ? undefined : { invoked: maxOperationsInvoked, performed: 1 };
    expect((proposed as AssociateRQ).userInformation.asynchronousOperationsWindow).toEqual(window);
    association.abort();
  });

  it('counts an answer that comes together with an abort', async () => {
    const port = await scripted(async (peer) => {
      await accept(peer);
      await wholeDataset(peer);
      const success = { CommandField: 0x8001, MessageIDBeingRespondedTo: 1, Status: 0, CommandDataSetType: 0x0101 };
      peer.send(commandPDU(3, success), { type: 'abort', source: 0, reason: 0 });
    });
    const association = await request(port);
    expect(await store(association)).toMatchObject({ Status: 0 });
    await expect(store(association)).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
  });

  it('returns a failure status as it is', async () => {
    const port = await scripted(async (peer) => {
      await accept(peer);
      await peer.next();
      peer.send(
        commandPDU(3, {
          CommandField: 0x8001,
          MessageIDBeingRespondedTo: 1,
          Status: 0xa700,
          CommandDataSetType: 0x0101,
        }),
      );
    });
    const association = await request(port);
    expect(await store(association)).toMatchObject({ Status: 0xa700 });
    association.abort();
  });

  it('aborts if a data set cannot be read, because half a message is already out', async () => {
    let heard: (item: unknown) => void;
    const lastWord = new Promise((resolve) => (heard = resolve));
    const port = await scripted(async (peer) => {
      await accept(peer);
      heard((await peer.rest()).at(-1));
    });
    const association = await request(port);
    const broken = (function* () {
      yield Buffer.alloc(100_000);
      yield Buffer.alloc(100_000);
      throw new Error('the disk is gone');
    })();
    await expect(store(association, broken)).rejects.toThrow('the disk is gone');
    expect(association.open).toBe(false);
    await association.release();
    expect(await lastWord).toEqual({ type: 'abort', source: 0, reason: 0 });
  });

  it('cancels what is under way on a signal', async () => {
    const port = await scripted((peer) => accept(peer));
    const controller = new AbortController();
    const association = await request(port, { signal: controller.signal, responseTimeoutMs: 60_000 });
    const stored = store(association);
    controller.abort();
    await expect(stored).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(request(port, { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('ends for both on a release collision (PS3.8 7.2.2)', async () => {
    let answered: unknown[] = [];
    const port = await scripted(async (peer) => {
      await accept(peer);
      await peer.next();
      peer.send({ type: 'release-rq' });
      answered = [await peer.next()];
      peer.send({ type: 'release-rp' });
    });
    const association = await request(port);
    await association.release();
    expect(answered).toEqual([{ type: 'release-rp' }]);
  });

  it('hands over pending responses before the final one', async () => {
    const node = await recordingServer({
      services: [
        {
          commandField: 0x0010,
          open: (_, exchange) => ({
            write: () => undefined,
            finish: async () => {
              await exchange.respond({ Status: 0xff00, NumberOfRemainingSuboperations: 1 });
              return { Status: 0, NumberOfCompletedSuboperations: 2 };
            },
            abort: () => undefined,
          }),
        },
      ],
    });
    scp = createTCPServer().listen(0);
    const association = await request(node.port, { calledAETitle: 'PRIORA' });
    const pending: number[] = [];
    const final = await association.invoke({
      command: { CommandField: 0x0010, AffectedSOPClassUID: SOPClass.MRImageStorage, Priority: 0 },
      presentationContext: association.contextFor(SOPClass.MRImageStorage)!,
      dataset: [Buffer.alloc(10)],
      onPending: (response) => void pending.push(response.NumberOfRemainingSuboperations!),
    });
    expect(pending).toEqual([1]);
    expect(final).toMatchObject({ Status: 0, NumberOfCompletedSuboperations: 2 });
    await association.release();
    await node.server.close();
  });
});
