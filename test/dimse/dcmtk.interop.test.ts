import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PrioraError } from '../../src/core/errors.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association } from '../../src/dimse/association.js';
import { hasPeer, peerEnvironment } from '../peers.js';
import { everyTransferSyntax, recordingServer, type RecordingServer } from './recording-server.js';
import { converted, datasetOf, sliceFile, temporaryFolder } from './slices.js';

const run = promisify(execFile);
const folder = temporaryFolder();
const slices: string[] = [];
let node: RecordingServer | null = null;

beforeAll(() => {
  for (let number = 1; number <= 12; number++) slices.push(sliceFile(folder, number));
});

afterEach(async () => {
  await node?.server.close();
  node = null;
});

const start = async (options: Parameters<typeof recordingServer>[0] = {}) => (node = await recordingServer(options));

/** Whether each file arrived once, as the bytes of its data set, in its transfer syntax. */
function expectArrived(files: readonly string[], received = node!.received): void {
  expect(received.map(({ request }) => request.presentationContext.transferSyntax)).toEqual(
    files.map((file) => datasetOf(file).transferSyntax),
  );
  received.forEach(({ dataset }, index) => expect(dataset.equals(datasetOf(files[index]).dataset)).toBe(true));
}

describe.skipIf(!hasPeer('echoscu'))('DCMTK as SCU', () => {
  it('echoscu verifies, and is refused under another title', async () => {
    const { port } = await start();
    await run('echoscu', ['-aec', 'PRIORA', '--repeat', '3', 'localhost', String(port)], { env: peerEnvironment });
    await expect(
      run('echoscu', ['-aec', 'NOBODY', 'localhost', String(port)], { env: peerEnvironment }),
    ).rejects.toMatchObject({ stderr: expect.stringContaining('Called AE Title Not Recognized') as unknown });
  });

  it.each([
    ['its default proposal', [], peerEnvironment],
    ['only the required contexts', ['-R'], peerEnvironment],
    ['combined transfer syntaxes', ['-R', '+C'], peerEnvironment],
    ['the largest PDUs', ['-pdu', '131072'], peerEnvironment],
    ['the smallest PDUs', ['--max-send-pdu', '4096', '-pdu', '4096'], peerEnvironment],
    ['a user identity', ['-usr', 'someone', '-pwd', 'secret'], peerEnvironment],
    ["Nagle's algorithm on", [], { ...process.env, TCP_NODELAY: '0' }],
  ])('storescu with %s: what arrives is what was sent', async (_, options, env) => {
    const { port } = await start();
    await run('storescu', [...options, '-aec', 'PRIORA', 'localhost', String(port), ...slices], { env });
    await node!.until(() => node!.ends.length === 1);
    expectArrived(slices);
    expect(node!.ends[0]).toMatchObject({ outcome: 'released', instancesStored: slices.length });
    expect(node!.received[0].request).toMatchObject({
      AffectedSOPClassUID: SOPClass.MRImageStorage,
      AffectedSOPInstanceUID: '1.2.826.0.1.3680043.10.99.1',
      association: {
        callingAETitle: 'STORESCU',
        calledAETitle: 'PRIORA',
        peerAddress: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as unknown,
        peerImplementationVersionName: 'OFFIS_DCMTK_367',
      },
    });
  });

  it('storescu +IP makes instances of its own, under their own UIDs', async () => {
    const { port } = await start();
    await run(
      'storescu',
      ['+IP', '5', '--repeat', '2', '-aec', 'PRIORA', 'localhost', String(port), ...slices.slice(0, 3)],
      {
        env: peerEnvironment,
      },
    );
    const uids = new Set(node!.received.map(({ request }) => request.AffectedSOPInstanceUID));
    expect(uids.size).toBe(6);
  });

  it.each<[string, string, string[], string[]]>([
    [TransferSyntax.ImplicitVRLittleEndian, 'dcmconv', ['+ti'], ['-xi']],
    [TransferSyntax.ExplicitVRBigEndian, 'dcmconv', ['+tb'], ['-xb']],
    [TransferSyntax.DeflatedExplicitVRLittleEndian, 'dcmconv', ['+td'], ['-xd']],
    [TransferSyntax.RLELossless, 'dcmcrle', [], ['-xr']],
    [TransferSyntax.JPEGLosslessSV1, 'dcmcjpeg', [], ['-xs']],
    [TransferSyntax.JPEGExtended12Bit, 'dcmcjpeg', ['+ee'], ['-xx']],
    [TransferSyntax.JPEGLSLossless, 'dcmcjpls', [], ['-xt']],
  ])('storescu sends %s, which is stored as received', async (transferSyntax, command, options, proposal) => {
    const { port } = await start();
    const file = converted(slices[0], command, ...options);
    expect(datasetOf(file).transferSyntax).toBe(transferSyntax);
    await run('storescu', [...proposal, '-R', '-aec', 'PRIORA', 'localhost', String(port), file], {
      env: peerEnvironment,
    });
    await node!.until(() => node!.ends.length === 1);
    expect(node!.received).toHaveLength(1);
    expect(node!.received[0].request.presentationContext.transferSyntax).toBe(transferSyntax);
    // storescu deflates and counts lengths anew; its other encodings are bytes it does not touch.
    if (transferSyntax !== TransferSyntax.DeflatedExplicitVRLittleEndian) expectArrived([file]);
  });

  it('storescu receives the status a handler gives', async () => {
    const { port } = await start({
      handler: () => Promise.reject(new PrioraError('STORAGE_FULL', 'no space left on the volume')),
    });
    await expect(
      run('storescu', ['-d', '-aec', 'PRIORA', 'localhost', String(port), slices[0]], { env: peerEnvironment }),
    ).rejects.toMatchObject({
      stderr: expect.stringMatching(/0xa700: Refused: Out of resources[^]*STORAGE_FULL: no space left/) as unknown,
    });
  });

  it('storescu --abort ends as aborted, with what was stored before', async () => {
    const { port } = await start();
    await run('storescu', ['--abort', '-aec', 'PRIORA', 'localhost', String(port), slices[0]], {
      env: peerEnvironment,
    });
    await node!.until(() => node!.ends.length === 1);
    expect(node!.ends[0]).toMatchObject({
      outcome: 'aborted',
      reason: 'A-ABORT from the service user',
      instancesStored: 1,
    });
  });

  it('dcmsend delivers a folder', async () => {
    const { port } = await start();
    await run('dcmsend', ['-aec', 'PRIORA', 'localhost', String(port), ...slices], { env: peerEnvironment });
    await node!.until(() => node!.ends.length === 1);
    expectArrived(slices);
  });

  it('four senders at the same time are kept apart', async () => {
    const { port } = await start();
    await Promise.all(
      [0, 1, 2, 3].map((sender) =>
        run('storescu', ['-aec', 'PRIORA', 'localhost', String(port), ...slices.slice(3 * sender, 3 * sender + 3)], {
          env: peerEnvironment,
        }),
      ),
    );
    await node!.until(() => node!.ends.length === 4);
    const byUID = [...node!.received].sort(
      (a, b) =>
        Number(a.request.AffectedSOPInstanceUID.split('.').at(-1)) -
        Number(b.request.AffectedSOPInstanceUID.split('.').at(-1)),
    );
    expectArrived(slices, byUID);
  });
});

describe.skipIf(!hasPeer('storescp'))('DCMTK as SCP', () => {
  let peer: ChildProcess | null = null;
  afterEach(async () => {
    if (peer?.exitCode === null && peer.signalCode === null) {
      peer.kill();
      await once(peer, 'exit');
    }
    peer = null;
  });

  /** storescp on a free port, once it answers. */
  async function storescp(...options: string[]): Promise<{ port: number; received: string }> {
    const port = await freePort();
    const received = temporaryFolder();
    peer = spawn('storescp', [...options, '-od', received, String(port)], { env: peerEnvironment, stdio: 'ignore' });
    for (;;) {
      const association = await request(port).catch(() => null);
      if (association) {
        await association.release();
        return { port, received };
      }
    }
  }

  const request = (port: number, transferSyntaxes: readonly string[] = [TransferSyntax.ExplicitVRLittleEndian]) =>
    Association.request({
      host: '127.0.0.1',
      port,
      callingAETitle: 'PRIORA',
      calledAETitle: 'STORESCP',
      presentationContexts: [
        { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
        ...transferSyntaxes.map((uid) => ({ abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [uid] })),
      ],
    });

  const operation = (file: string) => {
    const { transferSyntax, dataset } = datasetOf(file);
    return {
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: `1.2.826.0.1.3680043.10.99.${/slice-(\d+)/.exec(file)![1]}`,
      transferSyntax,
      dataset: [dataset],
    };
  };

  it('answers our echo', async () => {
    const { port } = await storescp();
    const association = await request(port);
    expect(association.info.peerImplementationVersionName).toBe('OFFIS_DCMTK_367');
    expect(await association.echo()).toMatchObject({ Status: 0 });
    await association.release();
    expect(association.open).toBe(false);
  });

  it('receives our bytes, in several transfer syntaxes over one association', async () => {
    const files = [
      slices[0],
      slices[1],
      converted(slices[2], 'dcmcrle'),
      converted(slices[3], 'dcmcjpls'),
      converted(slices[4], 'dcmconv', '+ti'),
    ];
    // +B keeps the bits: no re-encoding on the way to disk.
    const { port, received } = await storescp('+xa', '+B');
    const association = await request(port, everyTransferSyntax.slice(0, 10));
    for (const file of files) expect(await association.store(operation(file))).toMatchObject({ Status: 0 });
    await association.release();
    const arrived = readdirSync(received).map((name) => readFileSync(join(received, name)));
    expect(arrived).toHaveLength(files.length);
    for (const file of files) {
      const { dataset } = datasetOf(file);
      expect(arrived.some((bytes) => bytes.subarray(-dataset.length).equals(dataset))).toBe(true);
    }
  });

  it('receives a stream cut anywhere, in small PDUs', async () => {
    const { port, received } = await storescp('+B', '-pdu', '4096');
    const association = await request(port);
    const { dataset } = datasetOf(slices[0]);
    const status = await association.store({
      ...operation(slices[0]),
      dataset: createReadStream(slices[0], { start: datasetOffset(slices[0]), highWaterMark: 1000 }),
    });
    expect(status).toMatchObject({ Status: 0 });
    await association.release();
    const [name] = readdirSync(received);
    expect(readFileSync(join(received, name)).subarray(-dataset.length).equals(dataset)).toBe(true);
  });

  it('answers each of two requests made at the same time', async () => {
    const { port } = await storescp();
    const association = await request(port);
    const answers = await Promise.all(slices.slice(0, 4).map((file) => association.store(operation(file))));
    expect(answers.map(({ Status }) => Status)).toEqual([0, 0, 0, 0]);
    await association.release();
  });

  it('is DESTINATION_REFUSED if it refuses every association', async () => {
    const { port } = await storescp();
    peer!.kill();
    await once(peer!, 'exit');
    peer = spawn('storescp', ['--refuse', String(port)], { env: peerEnvironment, stdio: 'ignore' });
    for (;;) {
      const error = await request(port).then(
        () => null,
        (reason: { code: string }) => reason,
      );
      if (error?.code === 'DESTINATION_UNREACHABLE') continue;
      expect(error).toMatchObject({
        code: 'DESTINATION_REFUSED',
        message: expect.stringContaining('rejected') as unknown,
      });
      return;
    }
  });

  it.each([
    ['after the data', '--abort-after'],
    ['during the data', '--abort-during'],
  ])('is DESTINATION_REFUSED if it aborts %s', async (_, option) => {
    const { port } = await storescp(option);
    const association = await request(port);
    await expect(association.store(operation(slices[0]))).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
    await expect(association.store(operation(slices[1]))).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
    await association.release();
  });
});

async function freePort(): Promise<number> {
  const server = createTCPServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function datasetOffset(file: string): number {
  return readFileSync(file).length - datasetOf(file).dataset.length;
}
