import { once } from 'node:events';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association } from '../../src/dimse/association.js';
import { CommandField, commandName, type CommandSet } from '../../src/dimse/command-set.js';
import type { PDU } from '../../src/dimse/pdu.js';
import type { Service } from '../../src/dimse/service.js';
import { storageService } from '../../src/dimse/storage-service.js';
import { accept } from './accept.js';
import { associateRequest, commandPDU, datasetPDU, echoRequest, RawPeer, storeRequest } from './raw-peer.js';
import { recordingServer, type RecordingServer } from './recording-server.js';

/** Every CommandField of PS3.7 E.1, and some that it does not have. */
const fields = [...Object.values(CommandField), 0x0000, 0x0040, 0x0002, 0x7fff, 0x8000, 0x8fff, 0xffff];

/** One message: a command set, and what its data set does. */
interface Message {
  readonly name: string;
  readonly pdus: readonly PDU[];
}

const messages: readonly Message[] = fields.flatMap((field) =>
  [1, 3].flatMap((contextID) => {
    const command = (CommandDataSetType: number): CommandSet => ({
      CommandField: field,
      AffectedSOPClassUID: contextID === 1 ? SOPClass.Verification : SOPClass.MRImageStorage,
      AffectedSOPInstanceUID: '1.2.3',
      MessageID: 1,
      MessageIDBeingRespondedTo: 1,
      Status: 0,
      CommandDataSetType,
    });
    const named = (what: string, ...pdus: PDU[]): Message => ({
      name: `${commandName(field)} on context ${contextID}, ${what}`,
      pdus,
    });
    const other = contextID === 1 ? 3 : 1;
    const bytes = Buffer.from('a data set');
    const headless = { AffectedSOPClassUID: SOPClass.MRImageStorage, MessageID: 1, CommandDataSetType: 0x0101 };
    return [
      named('alone', commandPDU(contextID, command(0x0101))),
      named('alone, Pending', commandPDU(contextID, { ...command(0x0101), Status: 0xff00 })),
      named('of no message', commandPDU(contextID, { CommandField: field, CommandDataSetType: 0x0101 })),
      named('a data set announced', commandPDU(contextID, command(1))),
      named('with a data set', commandPDU(contextID, command(1)), datasetPDU(contextID, bytes)),
      named('with an empty data set', commandPDU(contextID, command(1)), datasetPDU(contextID, Buffer.alloc(0))),
      named('with half a data set', commandPDU(contextID, command(1)), datasetPDU(contextID, bytes, false)),
      named('with a data set of another context', commandPDU(contextID, command(1)), datasetPDU(other, bytes)),
      named(
        'with a data set it did not announce',
        commandPDU(contextID, command(0x0101)),
        datasetPDU(contextID, bytes),
      ),
      named('twice', commandPDU(contextID, command(0x0101)), commandPDU(contextID, command(0x0101))),
      named('without its field', commandPDU(contextID, headless)),
    ];
  }),
);

const errors: unknown[] = [];
const logger = pino({ level: 'error', base: null }, { write: (line: string) => void errors.push(JSON.parse(line)) });

let node: RecordingServer;
let witness: RawPeer;
/** Works until it is cancelled, or the association is over. */
const patient: Service = {
  commandField: CommandField.C_FIND_RQ,
  open: (_, { signal }) => ({
    write: () => undefined,
    finish: async () => {
      if (!signal.aborted) await once(signal, 'abort');
      return { Status: 0xfe00 };
    },
    abort: () => undefined,
  }),
};
const found: CommandSet = { ...storeRequest(7), CommandField: CommandField.C_FIND_RQ };

beforeEach(async () => {
  errors.length = 0;
  node = await recordingServer({ logger, extraServices: [patient] });
  witness = await RawPeer.associate(node.port);
});
afterEach(async () => {
  witness.send(commandPDU(1, echoRequest(99)));
  expect(await witness.response()).toMatchObject({ MessageIDBeingRespondedTo: 99, Status: 0 });
  await witness.release();
  await node.server.close();
  expect(node.openSinks()).toBe(0);
  expect(errors).toEqual([]);
});

/** Resolves when the node has seen all that was sent: it answers, or has ended the connection. */
async function settled(peer: RawPeer): Promise<void> {
  peer.socket.end();
  for (let item = await peer.next(); item; item = await peer.next());
}

/** Says every message, several at a time. */
async function manyAtOnce(say: (message: Message) => Promise<void>): Promise<void> {
  const rest = messages.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const message of rest) await say(message);
    }),
  );
}

describe('a server serves on whatever a peer says', () => {
  it.each<[string, () => Promise<RawPeer>]>([
    ['before an association (Sta2)', () => RawPeer.connect(node.port)],
    ['in an association (Sta6)', () => RawPeer.associate(node.port)],
    [
      'in the middle of a data set (Sta6)',
      async () => {
        const peer = await RawPeer.associate(node.port);
        peer.send(commandPDU(3, storeRequest(5)), datasetPDU(3, Buffer.alloc(100), false));
        return peer;
      },
    ],
    [
      'where a data set is announced (Sta6)',
      async () => {
        const peer = await RawPeer.associate(node.port);
        peer.send(commandPDU(3, storeRequest(5)));
        return peer;
      },
    ],
    [
      'while its request is worked on (Sta6)',
      async () => {
        const peer = await RawPeer.associate(node.port);
        peer.send(commandPDU(3, { ...found, CommandDataSetType: 0x0101 }));
        return peer;
      },
    ],
    [
      'after it asked for the release (Sta8)',
      async () => {
        const peer = await RawPeer.associate(node.port);
        peer.send(commandPDU(3, { ...found, CommandDataSetType: 0x0101 }), { type: 'release-rq' });
        return peer;
      },
    ],
    [
      'after it was rejected (Sta13)',
      async () => {
        const peer = await RawPeer.connect(node.port);
        peer.send(associateRequest({ calledAETitle: 'NOBODY' }));
        await peer.next();
        return peer;
      },
    ],
    [
      'after the release (Sta13)',
      async () => {
        const peer = await RawPeer.associate(node.port);
        peer.send({ type: 'release-rq' });
        await peer.next();
        return peer;
      },
    ],
    [
      'after an abort (Sta13)',
      async () => {
        const peer = await RawPeer.associate(node.port);
        peer.send(associateRequest());
        await peer.next();
        return peer;
      },
    ],
  ])('%s', async (_, reach) => {
    await manyAtOnce(async ({ pdus }) => {
      const peer = await reach();
      peer.send(...pdus);
      await settled(peer);
    });
  });
});

describe('an association of ours ends orderly whatever its peer says', () => {
  const storing = storageService(() => ({
    write: () => undefined,
    finish: () => Promise.resolve({ Status: 0 }),
    abort: () => undefined,
  }));

  /** Associates with a peer that says `message` once it was asked `asking`. */
  async function heard(asking: (association: Association) => Promise<unknown>, { pdus }: Message): Promise<void> {
    const scp = createTCPServer((socket) => {
      const peer = new RawPeer(socket);
      void accept(peer).then(async () => {
        await peer.next();
        peer.send(...pdus);
        peer.socket.end();
      });
    }).listen(0, '127.0.0.1');
    await once(scp, 'listening');
    const association = await Association.request({
      host: '127.0.0.1',
      port: (scp.address() as AddressInfo).port,
      callingAETitle: 'PRIORA',
      calledAETitle: 'PACS',
      presentationContexts: [
        { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
        { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
      ],
      services: [storing],
      logger,
      responseTimeoutMs: 5000,
    });
    await asking(association).catch((error: { code: string }) => expect(error.code).toMatch(/^DESTINATION_/));
    association.abort();
    scp.close();
  }

  it.each<[string, (association: Association) => Promise<unknown>]>([
    ['while it owes a C-ECHO-RSP', (association) => association.echo()],
    [
      'while it owes a C-STORE-RSP',
      (association) =>
        association.store({
          SOPClassUID: SOPClass.MRImageStorage,
          SOPInstanceUID: '1.2.3',
          transferSyntax: TransferSyntax.ExplicitVRLittleEndian,
          dataset: [Buffer.alloc(100)],
        }),
    ],
    [
      'while it owes a C-FIND-RSP',
      (association) =>
        association.invoke({
          command: { CommandField: CommandField.C_FIND_RQ, AffectedSOPClassUID: SOPClass.MRImageStorage },
          presentationContext: association.contextFor(SOPClass.MRImageStorage)!,
          dataset: [Buffer.alloc(100)],
        }),
    ],
    ['while it owes an A-RELEASE-RP (Sta7)', (association) => association.release()],
  ])('%s', async (_, asking) => {
    await manyAtOnce((message) => heard(asking, message));
  });
});
