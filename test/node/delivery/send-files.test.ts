import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/core/log.js';
import { sendFiles, type SendOutcome } from '../../../src/node/delivery/send-files.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { SOPClass } from '../../../src/dicom/uid.js';
import { recordingServer, type RecordingServer } from '../../dimse/recording-server.js';
import { converted, datasetOf, sliceFile, temporaryFolder } from '../../dimse/slices.js';
import { hasPeer, peerEnvironment } from '../../peers.js';

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

  it('is refused by a destination that accepts none of them', async () => {
    const { port } = await listen();
    await expect(send(port, [reportFile(8)])).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
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

  it.each(['--abort-during', '--abort-after'])('is not delivered and will be retried after %s', async (option) => {
    const { port } = await storescp(option);
    await expect(sendWhenUp(port, slices)).rejects.toMatchObject({ code: 'DESTINATION_REFUSED', class: 'transient' });
  });
});
