import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../src/core/config.js';
import { silentLogger } from '../../src/core/log.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association } from '../../src/dimse/index.js';
import { startNode, type RunningNode } from '../../src/node/node.js';
import { databasePath, openStore, type Store } from '../../src/store/store.js';
import { everyTransferSyntax, recordingServer, type RecordingServer } from '../dimse/recording-server.js';
import { sliceDataset } from './ingest/instance.js';

const root = resolve(import.meta.dirname, '../..');
let now = Date.now();
let node: RunningNode;
let pacs: RecordingServer;
/** A PACS that also sends new studies. */
let router: RecordingServer;
let store: Store;
beforeAll(async () => {
  const supportedContexts = [{ abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: everyTransferSyntax }];
  pacs = await recordingServer({ aeTitle: 'PACS', supportedContexts });
  router = await recordingServer({ aeTitle: 'ROUTER', supportedContexts });
  const folder = mkdtempSync(join(tmpdir(), 'priora-forwarding-'));
  const mappingsDir = join(folder, 'mappings');
  cpSync(join(root, 'mappings'), mappingsDir, { recursive: true });
  const to = { host: '127.0.0.1', forwardOriginals: true };
  const destinations = [
    { ...to, name: 'pacs', port: pacs.port, calledAETitle: 'PACS' },
    { ...to, name: 'router', port: router.port, calledAETitle: 'ROUTER', sendsStudies: true },
  ];
  // JSON is YAML.
  writeFileSync(join(mappingsDir, 'destinations.yaml'), JSON.stringify({ destinations }));
  const dataDir = join(folder, 'data');
  const modelsDir = join(root, 'test/fixtures/models');
  const config = parseConfig({ dataDir, modelsDir, mappingsDir, dicom: { port: 0 } });
  node = await startNode(config, silentLogger, { now: () => now });
  store = openStore(databasePath(dataDir));
});
afterAll(async () => {
  await node.close();
  await pacs.server.close();
  await router.server.close();
  store.close();
});

/** Sends slices of one series as `callingAETitle` and lets every timer of the node run out. */
async function send(callingAETitle: string, series: number, overrides: object = {}): Promise<void> {
  const association = await Association.request({
    host: '127.0.0.1',
    port: node.port,
    callingAETitle,
    calledAETitle: 'PRIORA',
    presentationContexts: [
      { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
    ],
  });
  for (const number of [1, 2, 3]) {
    const SeriesInstanceUID = `1.2.3.1.${series}`;
    const SOPInstanceUID = `${SeriesInstanceUID}.${number}`;
    const dataset = sliceDataset(number, { SeriesInstanceUID, SOPInstanceUID, ...overrides });
    const { Status } = await association.store({
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID,
      transferSyntax: TransferSyntax.ExplicitVRLittleEndian,
      dataset: [dataset],
    });
    expect(Status).toBe(0);
  }
  await association.release();
  now += 3_600_000;
  await node.idle();
}

it('the node forwards what scanners and routers send, but not to the one that sent it; its own objects and what a destination sends back go nowhere', async () => {
  await send('MR1', 2, { ManufacturerModelName: 'Priora' });
  await send('PACS', 3);
  await send('MR1', 1);
  await send('ROUTER', 4);
  const forwarded = ({ received }: RecordingServer) =>
    received.map(({ request }) => request.AffectedSOPInstanceUID).sort();
  const slices = (series: number) => [1, 2, 3].map((number) => `1.2.3.1.${series}.${number}`);
  expect(forwarded(router)).toEqual(slices(1));
  expect(forwarded(pacs)).toEqual([...slices(1), ...slices(4)]);
  const origins = store.series.ofStudy('1.2.3.1').map(({ SeriesInstanceUID, origin }) => [SeriesInstanceUID, origin]);
  expect(new Map(origins as [string, string][])).toEqual(
    new Map([
      ['1.2.3.1.1', 'received'],
      ['1.2.3.1.2', 'ours'],
      ['1.2.3.1.3', 'destination'],
      ['1.2.3.1.4', 'received'],
    ]),
  );
});
