import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/core/log.js';
import { sendFiles, type SendOutcome } from '../../../src/node/delivery/send-files.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { SOPClass, TransferSyntax } from '../../../src/dicom/uid.js';
import { decodeCommandSet, type CommandSet } from '../../../src/dimse/command-set.js';
import { accept } from '../../dimse/accept.js';
import { commandPDU, RawPeer } from '../../dimse/raw-peer.js';
import { recordingServer, type RecordingServer } from '../../dimse/recording-server.js';
import { converted, datasetOf, sliceFile, temporaryFolder } from '../../dimse/slices.js';
import { hasPeer, peerEnvironment } from '../../peers.js';

const implicitLE = TransferSyntax.ImplicitVRLittleEndian;
const explicitLE = TransferSyntax.ExplicitVRLittleEndian;
const uid = (number: number) => `1.2.826.0.1.3680043.10.99.${number}`;
let slices: string[];
beforeAll(() => {
  const folder = temporaryFolder();
  slices = [1, 2, 3, 4].map((number) => sliceFile(folder, number));
});

const servers: RecordingServer[] = [];
afterEach(async () => {
  for (const { server } of servers.splice(0)) await server.close();
});
async function listen(options: Parameters<typeof recordingServer>[0] = {}): Promise<RecordingServer> {
  const recording = await recordingServer({ aeTitle: 'PACS', ...options });
  servers.push(recording);
  return recording;
}

const send = (port: number, paths: readonly string[], more: Partial<Parameters<typeof sendFiles>[0]> = {}) =>
  sendFiles({
    destination: { host: '127.0.0.1', port, calledAETitle: 'PACS' },
    callingAETitle: 'PRIORA',
    paths,
    logger: silentLogger,
    ...more,
  });

/** A SOP class the recording server does not take. */
function reportFile(number: number): string {
  const path = join(temporaryFolder(), 'report.dcm');
  const SOPClassUID = SOPClass.Comprehensive3DSRStorage;
  writeFileSync(path, writeFile({ SOPClassUID, SOPInstanceUID: uid(number), StudyInstanceUID: '1.2', Modality: 'SR' }));
  return path;
}

describe('sending files', () => {
  it('sends their bytes unchanged, in their own transfer syntaxes, over one association', async () => {
    const { port, received, ends, until } = await listen();
    const files = hasPeer('dcmcrle') ? [slices[0], slices[1], converted(slices[2], 'dcmcrle')] : slices.slice(0, 3);
    const told: SendOutcome[] = [];
    const outcomes = await send(port, files, { onOutcome: (outcome) => told.push(outcome) });
    expect(outcomes).toEqual(
      [1, 2, 3].map((number) => ({ SOPInstanceUID: uid(number), status: 0, delivered: true, reason: null })),
    );
    expect(told).toEqual(outcomes);
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ outcome: 'released', association: { callingAETitle: 'PRIORA' } });
    expect(
      received.map(({ request, dataset }) => ({
        dataset,
        transferSyntax: request.presentationContext.transferSyntax,
      })),
    ).toEqual(files.map(datasetOf));
  });

  it('uses our AE title as the destination’s settings give it', async () => {
    const { port, ends, until } = await listen();
    const destination = { host: '127.0.0.1', port, calledAETitle: 'PACS', callingAETitle: 'RESEARCH' };
    await send(port, slices.slice(0, 1), { destination });
    await until(() => ends.length === 1);
    expect(ends[0].association.callingAETitle).toBe('RESEARCH');
  });

  it('counts a warning as delivered and a failure as not, and sends the others', async () => {
    const statuses = [0x0000, 0xb000, 0xa700, 0xc000];
    const { port, ends, until } = await listen({
      handler: ({ AffectedSOPInstanceUID }) => ({
        write: () => undefined,
        abort: () => undefined,
        finish: () => Promise.resolve({ Status: statuses[Number(AffectedSOPInstanceUID.split('.').at(-1)) - 1] }),
      }),
    });
    expect(await send(port, slices)).toEqual([
      { SOPInstanceUID: uid(1), status: 0x0000, delivered: true, reason: null },
      { SOPInstanceUID: uid(2), status: 0xb000, delivered: true, reason: null },
      { SOPInstanceUID: uid(3), status: 0xa700, delivered: false, reason: 'answered with status 0xA700' },
      { SOPInstanceUID: uid(4), status: 0xc000, delivered: false, reason: 'answered with status 0xC000' },
    ]);
    await until(() => ends.length === 1);
    expect(ends[0].outcome).toBe('released');
  });

  it('does not hold back the others for an object of a class that the destination does not accept', async () => {
    const { port, received } = await listen();
    const outcomes = await send(port, [reportFile(8), slices[0]]);
    expect(outcomes).toMatchObject([
      { SOPInstanceUID: uid(8), status: null, delivered: false },
      { SOPInstanceUID: uid(1), status: 0, delivered: true },
    ]);
    expect(outcomes[0].reason).toContain(SOPClass.Comprehensive3DSRStorage);
    expect(received).toHaveLength(1);
  });

  it('reports each as refused by a destination that accepts none of them', async () => {
    const { port } = await listen();
    expect(await send(port, [reportFile(8)])).toMatchObject([
      {
        SOPInstanceUID: uid(8),
        status: null,
        delivered: false,
        reason: expect.stringContaining('not accepted') as string,
      },
    ]);
  });

  const only = (transferSyntax: string) => ({
    supportedContexts: [{ abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [transferSyntax] }],
  });
  it.skipIf(!hasPeer('dcmconv'))(
    'converts between Explicit and Implicit VR for who accepts only the other',
    async () => {
      const [explicit, implicit] = [slices[0], converted(slices[0], 'dcmconv', '+ti')];
      for (const [file, other, syntax] of [
        [explicit, implicit, implicitLE],
        [implicit, explicit, explicitLE],
      ]) {
        const { port, received } = await listen(only(syntax));
        expect(await send(port, [file])).toMatchObject([{ status: 0, delivered: true }]);
        expect(received[0].request.presentationContext.transferSyntax).toBe(syntax);
        expect(received[0].dataset.equals(datasetOf(other).dataset)).toBe(true);
      }
    },
  );

  it.skipIf(!hasPeer('dcmcrle'))('sends the others if one cannot be converted', async () => {
    const { port, received, ends, until } = await listen(only(implicitLE));
    const broken = join(temporaryFolder(), 'broken.dcm');
    const meta = readFileSync(slices[1]);
    const head = meta.subarray(0, meta.length - datasetOf(slices[1]).dataset.length);
    const sequence = Buffer.from('0800401153510000080000000102030405060708', 'hex');
    writeFileSync(broken, Buffer.concat([head, sequence]));
    const outcomes = await send(port, [broken, converted(slices[2], 'dcmcrle'), slices[0]]);
    expect(outcomes).toMatchObject([
      {
        SOPInstanceUID: uid(2),
        status: null,
        reason: expect.stringMatching(/cannot be converted.*sequence/) as string,
      },
      { SOPInstanceUID: uid(3), status: null, reason: expect.stringContaining('are not accepted') as string },
      { SOPInstanceUID: uid(1), status: 0, delivered: true },
    ]);
    expect(received).toHaveLength(1);
    await until(() => ends.length === 1);
    expect(ends[0].outcome).toBe('released');
  });

  it('proposes Implicit VR Little Endian for each class, whatever the files are (PS3.5 10.1)', async () => {
    const { port, ends, until } = await listen();
    await send(port, slices.slice(0, 1));
    await until(() => ends.length === 1);
    const accepted = ends[0].association.presentationContexts.map(({ transferSyntax }) => transferSyntax);
    expect(accepted).toEqual([explicitLE, implicitLE]);
  });

  it('sends nothing again that was acknowledged before the association broke', async () => {
    // Has the data of each instance, and ends the association instead of every other answer.
    const copies = new Map<string, number>();
    let taken = 0;
    const scp = createTCPServer((socket) => void takeEveryOther(new RawPeer(socket))).listen(0, '127.0.0.1');
    await once(scp, 'listening');
    async function takeEveryOther(peer: RawPeer) {
      await accept(peer);
      let command: CommandSet = {};
      for (let item = await peer.next(); item; item = await peer.next()) {
        if (item.type === 'release-rq') return peer.send({ type: 'release-rp' });
        if (item.type !== 'data' || !item.isLast) continue;
        if (item.isCommand) {
          command = decodeCommandSet(item.data);
          continue;
        }
        const { AffectedSOPInstanceUID: instance, MessageID } = command;
        copies.set(instance!, (copies.get(instance!) ?? 0) + 1);
        if (++taken % 2 === 0) return peer.send({ type: 'abort', source: 0, reason: 0 });
        const answer = { MessageIDBeingRespondedTo: MessageID!, Status: 0, CommandDataSetType: 0x0101 };
        peer.send(commandPDU(item.contextID, { ...answer, CommandField: 0x8001 }));
      }
    }
    const pending = new Map(slices.map((path, index) => [uid(index + 1), path]));
    while (pending.size > 0) {
      const onOutcome = ({ SOPInstanceUID }: SendOutcome) => void pending.delete(SOPInstanceUID);
      const { port } = scp.address() as AddressInfo;
      await send(port, [...pending.values()], { onOutcome }).catch((error: unknown) =>
        expect(error).toMatchObject({ code: 'DESTINATION_REFUSED' }),
      );
    }
    scp.close();
    expect([...copies.values()]).toEqual([1, 2, 2, 2]);
  });

  it('cannot reach a port on which nobody listens', async () => {
    const server = createTCPServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await expect(send(port, slices)).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  });

  it.each([
    ['its own title', { calledAETitles: ['OTHER'] }],
    ['ours', { callingAETitles: ['OTHER'] }],
  ])('is refused by a destination that does not know %s', async (_, options) => {
    const { port, received } = await listen(options);
    await expect(send(port, slices)).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
    expect(received).toEqual([]);
  });

  it('reports what was answered before a connection broke, and throws for the rest', async () => {
    let taken = 0;
    const { port } = await listen({
      handler: () => ({
        write: () => undefined,
        abort: () => undefined,
        finish: () => {
          if (++taken === 3) void servers[0].server.close();
          return Promise.resolve({ Status: 0 });
        },
      }),
    });
    const told: SendOutcome[] = [];
    const error = await send(port, slices, { onOutcome: (outcome) => told.push(outcome) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/^DESTINATION_/) as string, class: 'transient' });
    expect(told.map(({ SOPInstanceUID }) => SOPInstanceUID).slice(0, 2)).toEqual([uid(1), uid(2)]);
    expect(told.length).toBeLessThan(4);
  });

  it('can be cancelled before and while a file is on its way', async () => {
    const abort = new AbortController();
    let cancel = () => abort.abort();
    const { port, ends, until } = await listen({
      handler: () => ({
        write: () => cancel(),
        abort: () => undefined,
        finish: () => Promise.resolve({ Status: 0 }),
      }),
    });
    const told: SendOutcome[] = [];
    await expect(
      send(port, slices, { signal: abort.signal, onOutcome: (outcome) => told.push(outcome) }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(told.length).toBeLessThan(2);
    await until(() => ends.length === 1);
    expect(ends[0].outcome).toBe('aborted');
    cancel = () => undefined;
    await expect(send(port, slices, { signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('sends a file that is missing or not DICOM to nobody', async () => {
    const { port, ends, received } = await listen();
    const text = join(temporaryFolder(), 'note.txt');
    writeFileSync(text, 'no DICOM');
    await expect(send(port, [slices[0], text])).rejects.toMatchObject({ code: 'DICOM_UNREADABLE' });
    await expect(send(port, [slices[0], `${text}.missing`])).rejects.toThrow('ENOENT');
    expect([ends, received]).toEqual([[], []]);
  });
});

describe.skipIf(!hasPeer('storescp'))('to storescp', () => {
  let peer: ChildProcess | null = null;
  afterEach(async () => {
    if (peer?.exitCode === null && peer.signalCode === null) {
      peer.kill();
      await once(peer, 'exit');
    }
  });

  async function storescp(...options: string[]): Promise<{ port: number; folder: string }> {
    const server = createTCPServer().listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const folder = temporaryFolder();
    peer = spawn('storescp', [...options, '-od', folder, String(port)], { env: peerEnvironment, stdio: 'ignore' });
    return { port, folder };
  }
  /** Sends once storescp listens. */
  async function sendWhenUp(port: number, paths: readonly string[]): Promise<SendOutcome[]> {
    for (;;) {
      const outcomes = await send(port, paths).catch((error: { code: string }) => {
        if (error.code !== 'DESTINATION_UNREACHABLE') throw error;
      });
      if (outcomes) return outcomes;
    }
  }

  it('puts the bytes of our disk on its disk', async () => {
    // +B: as received, not re-encoded.
    const { port, folder } = await storescp('+xa', '+B');
    const files = [...slices.slice(0, 3), converted(slices[3], 'dcmcjpls')];
    expect((await sendWhenUp(port, files)).map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    const arrived = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    for (const { dataset } of files.map(datasetOf))
      expect(arrived.filter((bytes) => bytes.subarray(-dataset.length).equals(dataset))).toHaveLength(1);
  });

  it('is understood by one that takes Implicit VR only', async () => {
    const { port, folder } = await storescp('+xi', '+B');
    expect((await sendWhenUp(port, slices)).map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    const arrived = readdirSync(folder).map((name) => join(folder, name));
    for (const { dataset } of slices.map((path) => datasetOf(converted(path, 'dcmconv', '+ti'))))
      expect(arrived.filter((path) => datasetOf(path).dataset.equals(dataset))).toHaveLength(1);
    expect(new Set(arrived.map((path) => datasetOf(path).transferSyntax))).toEqual(new Set([implicitLE]));
  });

  it.each(['--abort-during', '--abort-after'])('is not delivered and will be retried after %s', async (option) => {
    const { port } = await storescp(option);
    await expect(sendWhenUp(port, slices)).rejects.toMatchObject({ code: 'DESTINATION_REFUSED', class: 'transient' });
  });
});
