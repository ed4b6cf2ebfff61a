import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { readDicomFile } from '../../src/dicom/dicom-file.js';
import { decodeFileMeta } from '../../src/dicom/part10.js';
import {
  Association,
  createServer,
  decodeDataset,
  encodeDataset,
  findService,
  getService,
  moveService,
  SOPClass,
  storageService,
  TransferSyntax,
  type AssociationOptions,
  type Query,
  type Server,
  type StoreOperation,
} from '../../src/dimse/index.js';
import { hasPeer, peerEnvironment } from '../peers.js';
import { until } from '../processes.js';
import { datasetOf, sliceFile, temporaryFolder } from './slices.js';

const run = promisify(execFile);
const studyRoot = {
  find: '1.2.840.10008.5.1.4.1.2.2.1',
  move: '1.2.840.10008.5.1.4.1.2.2.2',
  get: '1.2.840.10008.5.1.4.1.2.2.3',
};
const StudyInstanceUID = '1.2.826.0.1.3680043.10.1';
const explicitLE = TransferSyntax.ExplicitVRLittleEndian;
const imageContext = { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [explicitLE] };
const queryContexts = Object.values(studyRoot).map((abstractSyntax) => ({
  abstractSyntax,
  transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian],
}));

let slices: string[];
beforeAll(() => {
  const folder = temporaryFolder();
  slices = [1, 2, 3].map((number) => sliceFile(folder, number));
});

const servers: Server[] = [];
const processes: ChildProcess[] = [];
afterEach(async () => {
  for (const process of processes.splice(0)) {
    if (process.exitCode !== null || process.signalCode !== null) continue;
    process.kill();
    await once(process, 'exit');
  }
  for (const server of servers.splice(0)) await server.close();
});

async function freePort(): Promise<number> {
  const server = createTCPServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The slices as instances to send. */
const instances = (): StoreOperation[] =>
  slices.map((path) => {
    const { meta, datasetOffset } = decodeFileMeta(readFileSync(path));
    return {
      SOPClassUID: meta.MediaStorageSOPClassUID,
      SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
      transferSyntax: meta.TransferSyntaxUID,
      dataset: createReadStream(path, { start: datasetOffset }) as AsyncIterable<Buffer>,
    };
  });

/** What arrived in a folder is the slices, their data sets byte for byte. */
function expectSlices(folder: string) {
  const arrived = readdirSync(folder).map((name) => datasetOf(join(folder, name)).dataset);
  expect(arrived).toHaveLength(slices.length);
  for (const { dataset } of slices.map(datasetOf))
    expect(arrived.filter((bytes) => bytes.equals(dataset))).toHaveLength(1);
}

describe.skipIf(!hasPeer('findscu') || !hasPeer('movescu') || !hasPeer('getscu'))('as SCP for DCMTK', () => {
  /** An archive of the one study, which asks its keys of whoever queries. */
  async function archive(destination = 0): Promise<{ port: number; asked: Query[] }> {
    const asked: Query[] = [];
    const server = createServer({
      aeTitle: 'PRIORA',
      port: 0,
      supportedContexts: [...queryContexts, { ...imageContext, roles: { scu: true, scp: true } }],
      services: [
        findService((query) => {
          asked.push(query);
          const { transferSyntax } = query.presentationContext;
          const keys = decodeDataset(query.identifier, transferSyntax);
          const matches = ['Müller^Anna', 'Schmidt'].map((PatientName, index) => ({
            ...keys,
            PatientName,
            PatientID: `P${index}`,
            StudyInstanceUID: `${StudyInstanceUID}.${index}`,
          }));
          return matches.map((match) => ({ identifier: encodeDataset(match, transferSyntax) }));
        }),
        getService((query) => {
          asked.push(query);
          return instances();
        }),
        moveService((query) => {
          asked.push(query);
          const { MoveDestination: calledAETitle } = query;
          if (calledAETitle !== 'MOVESCU') return null;
          const to = { host: '127.0.0.1', port: destination, callingAETitle: 'PRIORA', calledAETitle };
          return { destination: to, instances: instances() };
        }),
      ],
      logger: silentLogger,
    });
    servers.push(server);
    return { port: (await server.listen()).port, asked };
  }
  const key = (text: string) => ['-k', text];
  const study = [...key('QueryRetrieveLevel=STUDY'), ...key(`StudyInstanceUID=${StudyInstanceUID}`)];

  it('answers findscu', async () => {
    const { port, asked } = await archive();
    const cwd = temporaryFolder();
    const keys = [
      ...key('QueryRetrieveLevel=STUDY'),
      ...key('PatientName=M*'),
      ...key('PatientID'),
      ...key('StudyInstanceUID'),
    ];
    await run('findscu', ['-S', '-X', '-aec', 'PRIORA', ...keys, '127.0.0.1', String(port)], {
      cwd,
      env: peerEnvironment,
    });
    const found = await Promise.all(
      readdirSync(cwd).map(async (name) => (await readDicomFile(join(cwd, name))).dataset),
    );
    expect(found.map((match) => [match['PatientID'], JSON.stringify(match['PatientName'])]).sort()).toEqual([
      ['P0', expect.stringContaining('Müller^Anna')],
      ['P1', expect.stringContaining('Schmidt')],
    ]);
    const { identifier, presentationContext, association } = asked[0];
    expect(decodeDataset(identifier, presentationContext.transferSyntax)).toMatchObject({
      QueryRetrieveLevel: 'STUDY',
    });
    expect(association.callingAETitle).toBe('FINDSCU');
  });

  it('is cancelled by findscu', async () => {
    const { port } = await archive();
    const options = ['-S', '--cancel', '1', '-v', '-aec', 'PRIORA', ...study, '127.0.0.1', String(port)];
    const { stdout, stderr } = await run('findscu', options, { env: peerEnvironment });
    expect(stdout + stderr).toMatch(/Sending Cancel Request/);
    expect(stdout + stderr).toMatch(/Received Final Find Response|Find Response:? (\d+ )?\((Success|Cancel)/);
  });

  it('sends to movescu what it asks for', async () => {
    const back = await freePort();
    const { port, asked } = await archive(back);
    const folder = temporaryFolder();
    // Files that it writes as received go to the working folder, whatever its options say.
    const to = ['-aem', 'MOVESCU', '--port', String(back), '+B'];
    await run('movescu', ['-S', '-aec', 'PRIORA', ...to, ...study, '127.0.0.1', String(port)], {
      cwd: folder,
      env: peerEnvironment,
    });
    expectSlices(folder);
    expect(asked[0].command).toMatchObject({ MoveDestination: 'MOVESCU' });
  });

  it('tells movescu that it knows no such destination', async () => {
    const { port } = await archive();
    const options = ['-S', '-v', '-aec', 'PRIORA', '-aem', 'ELSEWHERE', ...study, '127.0.0.1', String(port)];
    const { stdout, stderr } = await run('movescu', options, { env: peerEnvironment }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(stdout + stderr).toMatch(/MoveDestinationUnknown|0xa801/);
  });

  it('sends to getscu on its own association', async () => {
    const { port } = await archive();
    const folder = temporaryFolder();
    await run('getscu', ['-S', '+B', '-aec', 'PRIORA', '-od', folder, ...study, '127.0.0.1', String(port)], {
      env: peerEnvironment,
    });
    expectSlices(folder);
  });
});

describe.skipIf(!hasPeer('dcmqrscp'))('as SCU of dcmqrscp', () => {
  /** Who receives what we move to ourselves, and on our own associations. */
  function keeping() {
    const kept = new Map<string, Buffer>();
    const service = storageService(({ AffectedSOPInstanceUID }) => {
      const pieces: Buffer[] = [];
      return {
        write: (chunk) => void pieces.push(chunk),
        finish: () => {
          kept.set(AffectedSOPInstanceUID, Buffer.concat(pieces));
          return Promise.resolve({ Status: 0 });
        },
        abort: () => undefined,
      };
    });
    const expectKept = () => {
      expect(kept.size).toBe(slices.length);
      for (const { dataset } of slices.map(datasetOf))
        expect([...kept.values()].some((bytes) => bytes.equals(dataset))).toBe(true);
    };
    return { service, expectKept };
  }

  const ask = (port: number, options: Partial<AssociationOptions> = {}) =>
    Association.request({
      host: '127.0.0.1',
      port,
      callingAETitle: 'PRIORA',
      calledAETitle: 'ARCHIVE',
      presentationContexts: [...queryContexts, imageContext],
      ...options,
    });

  /** A dcmqrscp that knows us under a port, and holds the slices. */
  async function dcmqrscp(ourPort = 104): Promise<number> {
    const port = await freePort();
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'ARCHIVE'));
    const configuration = [
      `NetworkTCPPort = ${port}`,
      'MaxPDUSize = 131072',
      'MaxAssociations = 16',
      'HostTable BEGIN',
      `us = (PRIORA, localhost, ${ourPort})`,
      'HostTable END',
      'VendorTable BEGIN',
      'VendorTable END',
      'AETable BEGIN',
      `ARCHIVE ${join(folder, 'ARCHIVE')} RW (10, 1024mb) ANY`,
      'AETable END',
    ];
    writeFileSync(join(folder, 'dcmqrscp.cfg'), `${configuration.join('\n')}\n`);
    processes.push(spawn('dcmqrscp', ['-c', join(folder, 'dcmqrscp.cfg')], { env: peerEnvironment, stdio: 'ignore' }));
    await until(async () => {
      const association = await ask(port).catch(() => undefined);
      if (!association) return false;
      for (const instance of instances()) expect(await association.store(instance)).toMatchObject({ Status: 0 });
      await association.release();
      return true;
    });
    return port;
  }

  const keys = (more: object) =>
    encodeDataset({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID, ...more }, '1.2.840.10008.1.2');

  it('finds', async () => {
    const association = await ask(await dcmqrscp());
    const identifier = encodeDataset(
      {
        QueryRetrieveLevel: 'IMAGE',
        StudyInstanceUID,
        SeriesInstanceUID: '1.2.826.0.1.3680043.10.2',
        SOPInstanceUID: '',
      },
      '1.2.840.10008.1.2',
    );
    const found: unknown[] = [];
    for await (const { dataset } of association.find({ SOPClassUID: studyRoot.find, identifier }))
      found.push(decodeDataset(dataset!, '1.2.840.10008.1.2')['SOPInstanceUID']);
    expect(found.sort()).toEqual(instances().map(({ SOPInstanceUID }) => SOPInstanceUID));
    for await (const { Status } of association.find({ SOPClassUID: studyRoot.find, identifier })) {
      expect(Status).toBe(0xff00);
      break;
    }
    await association.release();
  });

  it('gets', async () => {
    const { service, expectKept } = keeping();
    const association = await ask(await dcmqrscp(), {
      services: [service],
      roleSelections: [{ SOPClassUID: SOPClass.MRImageStorage, scu: true, scp: true }],
    });
    expect(await association.get({ SOPClassUID: studyRoot.get, identifier: keys({}) })).toMatchObject({
      Status: 0,
      NumberOfCompletedSuboperations: slices.length,
    });
    expectKept();
    await association.release();
  });

  it('moves', async () => {
    const { service, expectKept } = keeping();
    const server = createServer({
      aeTitle: 'PRIORA',
      port: 0,
      supportedContexts: [imageContext],
      services: [service],
      logger: silentLogger,
    });
    servers.push(server);
    const association = await ask(await dcmqrscp((await server.listen()).port));
    const remaining: unknown[] = [];
    const move = { SOPClassUID: studyRoot.move, identifier: keys({}) };
    const answer = await association.move({
      ...move,
      MoveDestination: 'PRIORA',
      onProgress: (response) => void remaining.push(response.NumberOfRemainingSuboperations),
    });
    expect(answer).toMatchObject({ Status: 0, NumberOfCompletedSuboperations: slices.length });
    expect(remaining.length).toBeGreaterThan(0);
    expectKept();
    expect((await association.move({ ...move, MoveDestination: 'NOBODY' })).Status).toBe(0xa801);
    await association.release();
  });
});
