import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import type { Dataset } from '../../src/dicom/dataset.js';
import { decodeFileMeta } from '../../src/dicom/part10.js';
import {
  Association,
  CommandField,
  createServer,
  decodeDataset,
  encodeDataset,
  serviceOf,
  SOPClass,
  TransferSyntax,
  type Server,
  type WholeRequest,
} from '../../src/dimse/index.js';
import { hasPeer } from '../peers.js';
import { until } from '../processes.js';
import { sliceFile, temporaryFolder } from './slices.js';

const pushModel = '1.2.840.10008.1.20.1';
const pushModelInstance = '1.2.840.10008.1.20.1.1';
const implicitLE = TransferSyntax.ImplicitVRLittleEndian;
const commitmentContext = { abstractSyntax: pushModel, transferSyntaxes: [implicitLE] };
const stored = {
  ReferencedSOPClassUID: SOPClass.MRImageStorage,
  ReferencedSOPInstanceUID: '1.2.826.0.1.3680043.10.99.1',
};
const unknown = { ...stored, ReferencedSOPInstanceUID: '1.2.3.4.5.6' };

let server: Server | undefined;
let orthanc: ChildProcess | undefined;
afterEach(async () => {
  if (orthanc?.exitCode === null && orthanc.signalCode === null) {
    orthanc.kill();
    await once(orthanc, 'exit');
  }
  await server?.close();
});

async function freePort(): Promise<number> {
  const free = createTCPServer().listen(0);
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  return port;
}

/** We as both roles: what peers report to us, and what they ask us to commit. */
async function listen() {
  const reports: { type: number | undefined; content: Dataset }[] = [];
  const asked: WholeRequest[] = [];
  const contentOf = ({ dataset, presentationContext }: WholeRequest) =>
    decodeDataset(dataset!, presentationContext.transferSyntax);
  server = createServer({
    aeTitle: 'PRIORA',
    port: 0,
    supportedContexts: [{ ...commitmentContext, roles: { scu: true, scp: true } }],
    services: [
      serviceOf(CommandField.N_EVENT_REPORT_RQ, (request) => {
        reports.push({ type: request.command.EventTypeID, content: contentOf(request) });
        return { Status: 0 };
      }),
      serviceOf(CommandField.N_ACTION_RQ, (request) => {
        asked.push(request);
        return { Status: 0 };
      }),
    ],
    logger: silentLogger,
  });
  return { port: (await server.listen()).port, reports, asked, contentOf };
}

/** An Orthanc that knows us, with one instance. */
async function startOrthanc(ourPort: number): Promise<{ dicomPort: number; http: string }> {
  const folder = temporaryFolder();
  const [DicomPort, HttpPort] = [await freePort(), await freePort()];
  const configuration = join(folder, 'orthanc.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      StorageDirectory: folder,
      IndexDirectory: folder,
      DicomAet: 'ORTHANC',
      DicomPort,
      HttpPort,
      AuthenticationEnabled: false,
      DicomModalities: { us: { AET: 'PRIORA', Host: '127.0.0.1', Port: ourPort, AllowStorageCommitment: true } },
    }),
  );
  orthanc = spawn('Orthanc', [configuration], { stdio: 'ignore' });
  const http = `http://127.0.0.1:${HttpPort}`;
  await until(() => fetch(`${http}/system`).then(({ ok }) => ok, () => false)); // prettier-ignore
  const association = await ask(DicomPort, [
    { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
  ]);
  const file = readFileSync(sliceFile(temporaryFolder(), 1));
  const { meta, datasetOffset } = decodeFileMeta(file);
  const instance = {
    SOPClassUID: meta.MediaStorageSOPClassUID,
    SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
    transferSyntax: meta.TransferSyntaxUID,
    dataset: [file.subarray(datasetOffset)],
  };
  expect(await association.store(instance)).toMatchObject({ Status: 0 });
  await association.release();
  return { dicomPort: DicomPort, http };
}

const ask = (port: number, presentationContexts: Association['info']['presentationContexts'] | object[]) =>
  Association.request({
    host: '127.0.0.1',
    port,
    callingAETitle: 'PRIORA',
    calledAETitle: 'ORTHANC',
    presentationContexts: presentationContexts as never,
  });

describe.skipIf(!hasPeer('Orthanc'))('storage commitment with Orthanc', () => {
  it('is asked for, and reported to us on an association that Orthanc opens as SCP', async () => {
    const { port, reports } = await listen();
    const { dicomPort } = await startOrthanc(port);
    const association = await ask(dicomPort, [commitmentContext]);
    const request = { TransactionUID: '1.2.3.4.1', ReferencedSOPSequence: [stored, unknown] };
    const answer = await association.nAction({
      SOPClassUID: pushModel,
      SOPInstanceUID: pushModelInstance,
      ActionTypeID: 1,
      dataset: encodeDataset(request, implicitLE),
    });
    expect(answer).toMatchObject({ Status: 0 });
    await association.release();
    await until(() => reports.length > 0);
    expect(reports).toMatchObject([
      {
        type: 2,
        content: {
          TransactionUID: '1.2.3.4.1',
          ReferencedSOPSequence: [stored],
          FailedSOPSequence: [{ ...unknown, FailureReason: 0x0112 }],
        },
      },
    ]);
  });

  it('is given to Orthanc on an association that we open as SCP', async () => {
    const { port, asked, contentOf } = await listen();
    const { dicomPort, http } = await startOrthanc(port);
    const { ID } = (await (
      await fetch(`${http}/modalities/us/storage-commitment`, {
        method: 'POST',
        body: JSON.stringify({
          DicomInstances: [[stored.ReferencedSOPClassUID, stored.ReferencedSOPInstanceUID]],
        }),
      })
    ).json()) as { ID: string };
    await until(() => asked.length > 0);
    expect(asked[0].command).toMatchObject({ RequestedSOPInstanceUID: pushModelInstance, ActionTypeID: 1 });
    const { TransactionUID, ReferencedSOPSequence } = contentOf(asked[0]);
    expect(ReferencedSOPSequence).toMatchObject([stored]);
    const association = await Association.request({
      host: '127.0.0.1',
      port: dicomPort,
      callingAETitle: 'PRIORA',
      calledAETitle: 'ORTHANC',
      presentationContexts: [commitmentContext],
      roleSelections: [{ SOPClassUID: pushModel, scu: false, scp: true }],
    });
    const [context] = association.info.presentationContexts;
    expect(context.requestorRoles).toEqual({ scu: false, scp: true });
    // PS3.4 J.3.3: the SCP of storage commitment invokes N-EVENT-REPORT.
    const answer = await association.nEventReport({
      SOPClassUID: pushModel,
      SOPInstanceUID: pushModelInstance,
      EventTypeID: 1,
      dataset: encodeDataset({ TransactionUID, ReferencedSOPSequence: [stored] }, implicitLE),
    });
    expect(answer).toMatchObject({ Status: 0 });
    await association.release();
    const { Status } = (await (await fetch(`${http}/storage-commitment/${ID}`)).json()) as { Status: string };
    expect(Status).toBe('Success');
  });
});
