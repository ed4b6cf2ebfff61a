import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer as createTCPServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliveryRetryPolicy, enqueueForwarding } from '../../../src/node/queue/case-jobs.js';
import { caseFinished } from '../../../src/node/work/case-finished.js';
import { nodeStatus } from '../../../src/node/operations/status.js';
import { retryFailed } from '../../../src/node/operations/retry.js';
import { parseConfig, type Config } from '../../../src/core/config.js';
import { silentLogger } from '../../../src/core/log.js';
import { destinationsSchema, type Destination } from '../../../src/node/delivery/destinations.js';
import { deliverCase, forwardSeries } from '../../../src/node/delivery/delivery.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { SOPClass } from '../../../src/dicom/uid.js';
import type { StoreHandler } from '../../../src/dimse/index.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import type { JobQueue } from '../../../src/node/queue/job-queue.js';
import { Runner } from '../../../src/node/queue/runner.js';
import { loadMappings, type Mappings } from '../../../src/node/mappings.js';
import { databasePath, openStore, type Store } from '../../../src/store/store.js';
import { everyTransferSyntax, recordingServer, type RecordingServer } from '../../dimse/recording-server.js';
import { datasetOf, sliceFile } from '../../dimse/slices.js';
import { openIngest } from '../../../src/node/ingest/ingest.js';
import { caseResult } from '../../store/case-result.js';
import { addSeries } from '../../store/temporary-store.js';

let now: number;
const clock = { now: () => now };
let config: Config;
let store: Store;
let queue: JobQueue;
let mappings: Mappings;
let runner: Runner | undefined;
let pacs: RecordingServer | undefined;

const classes = [
  SOPClass.SegmentationStorage,
  SOPClass.Comprehensive3DSRStorage,
  SOPClass.KeyObjectSelectionDocumentStorage,
  SOPClass.MRImageStorage,
];
const startPacs = async (port = 0, handler?: StoreHandler, host = '127.0.0.1') =>
  (pacs = await recordingServer({
    aeTitle: 'PACS',
    port,
    host,
    supportedContexts: classes.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: everyTransferSyntax })),
    ...(handler ? { handler } : {}),
  }));

async function freePort(): Promise<number> {
  const server = createTCPServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The delivering half of a node as `src/node.ts` puts it together. */
function startNode(destinations: readonly Partial<Destination>[], delivery: object = {}): void {
  config = parseConfig({ dataDir: mkdtempSync(join(tmpdir(), 'priora-delivery-')), delivery });
  store = openStore(databasePath(config.dataDir));
  const retry = deliveryRetryPolicy(config);
  queue = openQueue(store, { clock, retryByKind: { deliver: retry, forward: retry } });
  mappings = {
    ...loadMappings(config.mappingsDir),
    destinations: destinationsSchema.parse({
      destinations: destinations.map((given) => ({ name: 'pacs', host: '127.0.0.1', calledAETitle: 'PACS', ...given })),
    }).destinations,
  };
  startDelivering();
}
function startDelivering(): void {
  const context = { store, config, destinations: mappings.destinations, logger: silentLogger, clock };
  runner = Runner.start({
    queue,
    clock,
    logger: silentLogger,
    handlers: { deliver: deliverCase(context), forward: forwardSeries(context) },
  });
}

/** A reported case with a SEG and an SR, as the pipeline leaves it; study `1.2.<number>`. */
function report(number: number, demonstration = false): { caseKey: number; uids: string[] } {
  const series = addSeries(store, { study: `1.2.${number}`, PatientID: `P${number}` });
  const { StudyInstanceUID, SeriesInstanceUID } = series;
  const { caseKey } = store.cases.open(
    { StudyInstanceUID, SeriesInstanceUID, priorCaseKey: null, priorSeriesInstanceUID: null, fingerprint: `${number}` },
    now,
  ).case;
  const written = [
    { kind: 'SEG', SOPClassUID: SOPClass.SegmentationStorage, SOPInstanceUID: `1.9.${number}.1` },
    { kind: 'SR', SOPClassUID: SOPClass.Comprehensive3DSRStorage, SOPInstanceUID: `1.9.${number}.2` },
  ] as const;
  const objects = written.map((object) => ({ ...object, path: join('cases', String(caseKey), `${object.kind}.dcm`) }));
  for (const { kind, SOPClassUID, SOPInstanceUID, path } of objects) {
    mkdirSync(dirname(join(config.dataDir, path)), { recursive: true });
    const dataset = { SOPClassUID, SOPInstanceUID, StudyInstanceUID, PatientID: `P${number}`, Modality: kind };
    writeFileSync(join(config.dataDir, path), writeFile(dataset));
    store.objects.insert({
      SOPInstanceUID,
      SOPClassUID,
      SeriesInstanceUID: `${SOPInstanceUID}.0`,
      kind,
      caseKey,
      path,
      sha256: Buffer.alloc(32),
      predecessorSOPInstanceUID: null,
      createdAt: now,
    });
  }
  store.transaction(() => {
    store.cases.finish(
      caseKey,
      { status: 'reported', result: caseResult({ demonstration, objects }), lesions: [] },
      now,
    );
    caseFinished({ store, queue, mappings, clock }, store.cases.find(caseKey)!);
  });
  return { caseKey, uids: objects.map(({ SOPInstanceUID }) => SOPInstanceUID) };
}

const received = () => pacs!.received.map(({ request }) => request.AffectedSOPInstanceUID).sort();
const job = (caseKey: number, destination = 'pacs') => queue.find(`deliver:${destination}:${caseKey}`)!;
const deliveries = (caseKey: number) => store.deliveries.ofCase(caseKey);
const states = (caseKey: number) => deliveries(caseKey).map(({ state }) => state);
const later = async (seconds: number) => {
  now += seconds * 1000;
  await runner!.idle();
};

beforeEach(() => {
  now = 1_800_000_000_000;
});
afterEach(async () => {
  await runner?.stop();
  await pacs?.server.close();
  store.close();
  runner = pacs = undefined;
});

describe('delivering a case', () => {
  it('sends its objects as they are on disk, once, and records the answer', async () => {
    startNode([{ port: (await startPacs()).port }]);
    const { caseKey, uids } = report(1);
    await runner!.idle();
    expect(received()).toEqual(uids);
    for (const { request, dataset } of pacs!.received) {
      const { path } = store.objects.find(request.AffectedSOPInstanceUID)!;
      expect(dataset.equals(datasetOf(join(config.dataDir, path)).dataset)).toBe(true);
    }
    expect(job(caseKey).state).toBe('done');
    expect(deliveries(caseKey)).toMatchObject([
      { state: 'delivered', status: 0, lastError: null, deliveredAt: now },
      { state: 'delivered', status: 0, lastError: null, deliveredAt: now },
    ]);
    expect(store.cases.find(caseKey)!.status).toBe('reported');
  });

  it('waits with growing pauses for a PACS that is down, and delivers when it is back, never twice', async () => {
    const port = await freePort();
    startNode([{ port }]);
    const { caseKey, uids } = report(1);
    await runner!.idle();
    expect(job(caseKey)).toMatchObject({
      state: 'queued',
      attempts: 1,
      code: 'DESTINATION_UNREACHABLE',
      runAfter: now + 5000,
    });
    expect(deliveries(caseKey)).toMatchObject([
      { state: 'pending', attempts: 1 },
      { state: 'pending', attempts: 1 },
    ]);
    await later(4.9);
    expect(job(caseKey).attempts).toBe(1);
    await later(0.1);
    expect(job(caseKey)).toMatchObject({ state: 'queued', attempts: 2, runAfter: now + 10_000 });
    await startPacs(port);
    await later(10);
    expect(job(caseKey).state).toBe('done');
    expect(received()).toEqual(uids);
    caseFinished({ store, queue, mappings, clock }, store.cases.find(caseKey)!);
    await later(86_400);
    expect(received()).toEqual(uids);
  });

  it('resends only what was refused', async () => {
    const seen: string[] = [];
    await startPacs(0, ({ AffectedSOPClassUID }) => ({
      write: () => undefined,
      abort: () => undefined,
      finish: () => {
        seen.push(AffectedSOPClassUID);
        const refuse = AffectedSOPClassUID === SOPClass.SegmentationStorage && seen.length < 3;
        return Promise.resolve({ Status: refuse ? 0xa700 : 0xb000 });
      },
    }));
    startNode([{ port: pacs!.port }]);
    const { caseKey } = report(1);
    await runner!.idle();
    expect(job(caseKey)).toMatchObject({ state: 'queued', code: 'DESTINATION_REFUSED' });
    expect(deliveries(caseKey)).toMatchObject([
      { state: 'pending', status: 0xa700, lastError: 'answered with status 0xA700' },
      { state: 'delivered', status: 0xb000 },
    ]);
    await later(5);
    expect(states(caseKey)).toEqual(['delivered', 'delivered']);
    expect(seen.filter((SOPClassUID) => SOPClassUID === SOPClass.SegmentationStorage)).toHaveLength(2);
    expect(seen).toHaveLength(3);
  });

  it('fails visibly after the limit; `priora retry` starts it again', async () => {
    const port = await freePort();
    startNode([{ port }], { firstRetrySeconds: 1, longestRetrySeconds: 2, giveUpAfterSeconds: 4 });
    const first = report(1);
    const second = report(2);
    for (let tries = 0; tries < 3; tries++) {
      await runner!.idle();
      expect(states(first.caseKey)).toEqual(['pending', 'pending']);
      await later(2);
    }
    expect(job(first.caseKey)).toMatchObject({ state: 'failed', code: 'DESTINATION_UNREACHABLE', attempts: 4 });
    expect(states(first.caseKey)).toEqual(['failed', 'failed']);
    const status = nodeStatus({ config, store, queue });
    expect(status.failedJobs.map(({ key }) => key)).toEqual([1, 2].map((n) => `deliver:pacs:${n}`));
    expect(status.failedJobs[0].action).toContain('Check host, port and network');
    expect(status.failedDeliveries.map(({ SOPInstanceUID }) => SOPInstanceUID).sort()).toEqual([
      ...first.uids,
      ...second.uids,
    ]);

    await startPacs(port);
    await later(86_400);
    expect(received()).toEqual([]);
    expect(retryFailed({ store, queue }, job(second.caseKey).key)).toBe(1);
    await runner!.idle();
    expect(received()).toEqual(second.uids);
    expect(states(first.caseKey)).toEqual(['failed', 'failed']);
    expect(retryFailed({ store, queue })).toBe(1);
    await runner!.idle();
    expect(received()).toEqual([...first.uids, ...second.uids]);
    expect(retryFailed({ store, queue })).toBe(0);
    expect(nodeStatus({ config, store, queue })).toMatchObject({ failedJobs: [], failedDeliveries: [] });
  });

  it('loses nothing if the process died between failing the delivery and failing its job', async () => {
    startNode([{ port: (await startPacs()).port }]);
    await runner!.stop();
    const { caseKey, uids } = report(1);
    for (const SOPInstanceUID of uids)
      store.deliveries.note(
        { SOPInstanceUID, destination: 'pacs' },
        { state: 'failed', status: null, error: 'x' },
        now,
      );
    startDelivering();
    await runner!.idle();
    expect(received()).toEqual(uids);
    expect(states(caseKey)).toEqual(['delivered', 'delivered']);
  });

  it('is returned unharmed when the node stops, even during its last attempt', async () => {
    let arrived: () => void = () => undefined;
    const arriving = new Promise<void>((resolve) => (arrived = resolve));
    // A PACS that does not answer.
    await startPacs(0, () => ({
      write: () => arrived(),
      abort: () => undefined,
      finish: () => new Promise(() => undefined),
    }));
    const { port } = pacs!;
    startNode([{ port }], { firstRetrySeconds: 1, longestRetrySeconds: 0, giveUpAfterSeconds: 0 });
    const { caseKey, uids } = report(1);
    await arriving;
    await runner!.stop();
    expect(job(caseKey)).toMatchObject({ state: 'queued', attempts: 0 });
    expect(states(caseKey)).toEqual(['pending', 'pending']);
    void pacs!.server.close();
    await startPacs();
    const [destination] = mappings.destinations;
    mappings = { ...mappings, destinations: [{ ...destination, port: pacs!.port }] };
    startDelivering();
    await runner!.idle();
    expect(received()).toEqual(uids);
  });

  it('to one destination does not wait for another, and each gets what it asks for', async () => {
    const down = await freePort();
    const { port } = await startPacs();
    startNode([
      { name: 'down', port: down },
      { port, objects: ['SR'] },
    ]);
    const { caseKey, uids } = report(1);
    await runner!.idle();
    expect(received()).toEqual([uids[1]]);
    expect(job(caseKey).state).toBe('done');
    expect(job(caseKey, 'down').state).toBe('queued');
  });

  it('to a destination that was removed from the file fails at once, by name', async () => {
    startNode([{ port: 1 }]);
    await runner!.stop();
    const { caseKey } = report(1);
    mappings = { ...mappings, destinations: [] };
    startDelivering();
    await runner!.idle();
    expect(job(caseKey)).toMatchObject({ state: 'failed', code: 'CONFIG_INVALID' });
    expect(deliveries(caseKey)[0].lastError).toContain('no destination pacs');
  });
});

describe('results of demonstration weights', () => {
  // To the kernel 0.0.0.0 is this machine; to the rule, which is strict, it is not loopback.
  const remote = '0.0.0.0';

  it('do not leave this machine; once allowed and retried, they do', async () => {
    const { port } = await startPacs(0, undefined, remote);
    startNode([
      { host: remote, port },
      { name: 'here', port },
    ]);
    const { caseKey, uids } = report(1, true);
    await runner!.idle();
    expect(job(caseKey, 'here').state).toBe('done');
    expect(job(caseKey)).toMatchObject({ state: 'failed', code: 'DESTINATION_FORBIDDEN', attempts: 1 });
    expect(received()).toEqual(uids);
    expect(store.deliveries.failed().map(({ destination }) => destination)).toEqual(['pacs', 'pacs']);

    await runner!.stop();
    const destinations = mappings.destinations.map((one) => ({ ...one, allowDemonstrationModels: true }));
    mappings = { ...mappings, destinations };
    startDelivering();
    expect(retryFailed({ store, queue })).toBe(1);
    await runner!.idle();
    expect(received()).toEqual([...uids, ...uids].sort());
  });
});

describe('forwarding originals', () => {
  it('sends a series on byte for byte, and later only what has arrived since', async () => {
    startNode([{ port: (await startPacs()).port, forwardOriginals: true }]);
    const receiver = openIngest({ store, queue, config, destinations: [], clock, logger: silentLogger });
    const files = [1, 2, 3].map((number) => sliceFile(config.dataDir, number));
    const SeriesInstanceUID = '1.2.826.0.1.3680043.10.2';
    for (const file of files.slice(0, 2)) await receiver.receiveFile(file);
    enqueueForwarding(queue, 'pacs', SeriesInstanceUID);
    await runner!.idle();
    await receiver.receiveFile(files[2]);
    enqueueForwarding(queue, 'pacs', SeriesInstanceUID);
    await runner!.idle();
    expect(pacs!.ends.map(({ instancesStored }) => instancesStored)).toEqual([2, 1]);
    expect(pacs!.received.map(({ dataset }) => dataset)).toEqual(files.map((file) => datasetOf(file).dataset));
    expect(queue.find(`forward:pacs:${SeriesInstanceUID}`)!.state).toBe('done');
  });

  it('waits for a PACS that is down as results do, and fails visibly', async () => {
    const port = await freePort();
    startNode([{ port, forwardOriginals: true }], {
      firstRetrySeconds: 1,
      longestRetrySeconds: 1,
      giveUpAfterSeconds: 1,
    });
    const receiver = openIngest({ store, queue, config, destinations: [], clock, logger: silentLogger });
    await receiver.receiveFile(sliceFile(config.dataDir, 1));
    enqueueForwarding(queue, 'pacs', '1.2.826.0.1.3680043.10.2');
    await runner!.idle();
    await later(1);
    expect(store.deliveries.failed()).toMatchObject([{ caseKey: null, attempts: 2 }]);
    await startPacs(port);
    expect(retryFailed({ store, queue })).toBe(1);
    await runner!.idle();
    expect(pacs!.received).toHaveLength(1);
    expect(store.deliveries.failed()).toEqual([]);
  });
});
