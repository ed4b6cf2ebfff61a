import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { stages } from '../../src/model/case-result.js';
import { silentLogger } from '../../src/core/log.js';
import { sendFiles } from '../../src/node/delivery/send-files.js';
import { SOPClass } from '../../src/dicom/uid.js';
import type { StoreHandler } from '../../src/dimse/index.js';
import type { JobQueue } from '../../src/node/queue/job-queue.js';
import { openQueue } from '../../src/node/queue/queue.js';
import { verifyStorage } from '../../src/node/operations/verify.js';
import { databasePath, openStore, type CaseRow, type Store } from '../../src/store/store.js';
import { everyTransferSyntax, recordingServer, type RecordingServer } from '../dimse/recording-server.js';
import { descendant, processTree, told, until } from '../processes.js';
import { phantomStudies, type PhantomStudy } from '../analysis/pipeline/studies.js';

const root = join(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'priora-crash-'));
const dataDir = join(work, 'data');
let pacs: RecordingServer;
let baseline: PhantomStudy;
let study: PhantomStudy;
let store: Store;
let queue: JobQueue;
let node: ChildProcess | undefined;

/** Every data set that the PACS received, by SOPInstanceUID. */
const received = new Map<string, Buffer[]>();
/** The PACS answers once this is fulfilled. */
let mayAnswer = Promise.resolve();

const keep: StoreHandler = ({ AffectedSOPInstanceUID }) => {
  const pieces: Buffer[] = [];
  return {
    write: (chunk) => void pieces.push(chunk),
    abort: () => undefined,
    finish: async () => {
      const before = received.get(AffectedSOPInstanceUID) ?? [];
      received.set(AffectedSOPInstanceUID, [...before, Buffer.concat(pieces)]);
      await mayAnswer;
      return { Status: 0x0000 };
    },
  };
};

/** Where the case process can be stopped: as a stage begins, or between the report's files and its row. */
const moments = [...stages, 'written'] as const;

/** `priora serve` as its own process, built; its case process stops at that moment of that study. Resolves with its port. */
async function startNode(stopAt?: {
  readonly study: PhantomStudy;
  readonly stage: (typeof moments)[number];
}): Promise<number> {
  const stopper = pathToFileURL(join(import.meta.dirname, 'stop-at-stage.mjs')).href;
  const child = fork(join(root, 'dist/main.js'), ['serve', '--config', join(work, 'priora.yaml')], {
    execArgv: [],
    env: {
      ...process.env,
      NODE_OPTIONS: `--import ${stopper}`,
      PRIORA_STOP_AT: stopAt && `${stopAt.study.StudyInstanceUID} ${stopAt.stage}`,
    },
  });
  node = child;
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return port;
}

/** The node's descendant that runs this module. */
const running = (module: string) => descendant(node!.pid!, module);
/** proc(5): T is stopped, Z has ended and was not waited for, none is no process. */
const stateOf = (pid: number) => /\) (\S)/.exec(told(pid, 'stat'))?.[1] ?? null;
const isThere = (pid: number) => ![null, 'Z'].includes(stateOf(pid));

/** The case process, once it stands where it was told to stop. */
const stopped = () =>
  until(() => {
    const pid = running('case-process');
    return pid !== undefined && stateOf(pid) === 'T' && pid;
  });

/** Power cut: the node and everything below it dies at once. */
async function killEverything(): Promise<void> {
  const child = node!;
  const exited = once(child, 'exit');
  for (const pid of processTree(child.pid!)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // already gone
    }
  }
  await exited;
}

const reported = ({ StudyInstanceUID }: PhantomStudy) => {
  const found = store.cases.latestOfStudy(StudyInstanceUID);
  return found?.status === 'reported' && found;
};
const delivered = ({ caseKey }: CaseRow) =>
  store.deliveries.ofCase(caseKey).every(({ state }) => state === 'delivered');
const objectsOf = ({ result }: CaseRow) => result!.objects;
/** The job that analyses the follow-up. */
const analysis = () => queue.list({ kind: 'analyse' }).find(({ key }) => key.includes(study.StudyInstanceUID));

/** Makes the next run of every case find other rules than the last, so that it computes. */
let minimumVolumeChangeMm3 = 20;
function changeRules(): void {
  const path = join(work, 'mappings/response-criteria.yaml');
  const before = `minimumVolumeChangeMm3: ${minimumVolumeChangeMm3++}`;
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(before);
  writeFileSync(path, text.replace(before, `minimumVolumeChangeMm3: ${minimumVolumeChangeMm3}`));
}

beforeAll(async () => {
  pacs = await recordingServer({
    aeTitle: 'PACS',
    handler: keep,
    supportedContexts: [SOPClass.SegmentationStorage, SOPClass.Comprehensive3DSRStorage].map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: everyTransferSyntax,
    })),
  });
  [baseline, study] = await phantomStudies(2);
  cpSync(join(root, 'mappings'), join(work, 'mappings'), { recursive: true });
  const destination = { name: 'pacs', host: '127.0.0.1', port: pacs.port, calledAETitle: 'PACS' };
  writeFileSync(join(work, 'mappings/destinations.yaml'), stringify({ destinations: [destination] }));
  writeFileSync(
    join(work, 'priora.yaml'),
    stringify({
      dataDir,
      mappingsDir: join(work, 'mappings'),
      modelsDir: join(root, 'test/fixtures/models'),
      logLevel: 'silent',
      dicom: { port: 0 },
      completeness: { settleSeconds: 0 },
      delivery: { firstRetrySeconds: 0.1 },
    }),
  );
  mkdirSync(dataDir);
  store = openStore(databasePath(dataDir));
  queue = openQueue(store);
});

afterAll(async () => {
  if (node?.exitCode === null && node.signalCode === null) await killEverything();
  store.close();
  await pacs.server.close();
});

test('kill -9 of everything where each stage begins, as objects are written and as they are sent, loses nothing and doubles nothing', async () => {
  const destination = { host: '127.0.0.1', port: await startNode({ study: baseline, stage: 'infer' }) };
  const send = ({ paths }: PhantomStudy) =>
    sendFiles({
      destination: { ...destination, calledAETitle: 'PRIORA' },
      callingAETitle: 'SCANNER',
      paths,
      logger: silentLogger,
    });
  await send(baseline);
  await stopped();
  // Complete, and not yet analysed: its patient's earlier case stands still.
  await send(study);
  await until(() => analysis()?.state === 'queued');
  await killEverything();

  for (const [kills, stage] of moments.entries()) {
    await startNode({ study, stage });
    await stopped();
    await until(() => analysis()?.stage?.startsWith(stage === 'written' ? 'report' : stage));
    // Its patient's earlier report is out of the way.
    if (kills === 0) await until(() => delivered(store.cases.find(1)!));
    await killEverything();
    expect(store.instances.count()).toBe(baseline.paths.length + study.paths.length);
  }
  const before = await until(() => reported(baseline));
  expect(delivered(before)).toBe(true);

  // The PACS has the first object and dies for the node before it has said so.
  let answer = () => {};
  mayAnswer = new Promise((resolve) => (answer = resolve));
  await startNode();
  const finished = await until(() => reported(study));
  const [first] = await until(() => {
    const here = objectsOf(finished).filter(({ SOPInstanceUID }) => received.has(SOPInstanceUID));
    return here.length > 0 && here;
  });
  await killEverything();
  answer();
  expect(delivered(finished)).toBe(false);
  await startNode();
  await until(() => delivered(finished));

  const { objects, prior } = finished.result;
  expect(prior).toMatchObject({ StudyInstanceUID: baseline.StudyInstanceUID, verdict: 'accepted' });
  expect(objects.map(({ kind }) => kind)).toEqual(['SEG', 'SR']);
  // What was answered for is sent once; what was not, again and the same.
  const sent = [...objectsOf(before), ...objects];
  expect([...received.keys()].sort()).toEqual(sent.map(({ SOPInstanceUID }) => SOPInstanceUID).sort());
  for (const { SOPInstanceUID, path } of sent) {
    const receptions = received.get(SOPInstanceUID)!;
    expect(receptions).toHaveLength(SOPInstanceUID === first.SOPInstanceUID ? 2 : 1);
    const file = readFileSync(join(dataDir, path));
    for (const dataset of receptions) expect(file.subarray(-dataset.length).equals(dataset)).toBe(true);
  }
  expect(store.cases.list()).toHaveLength(2);
  expect([before.caseKey, finished.caseKey]).toEqual([1, 2]);
  const lesions = store.lesions.ofCase(finished.caseKey);
  expect(new Set(lesions.map(({ trackingUID }) => trackingUID)).size).toBe(lesions.length);
  expect(await verifyStorage(store, dataDir)).toEqual({
    checked: baseline.paths.length + study.paths.length + sent.length,
    missing: [],
    altered: [],
    orphans: [],
  });
  const [{ SOPInstanceUID, path }] = objects;
  const written = readFileSync(join(dataDir, path));
  writeFileSync(join(dataDir, path), written.subarray(1));
  expect((await verifyStorage(store, dataDir)).altered).toEqual([{ SOPInstanceUID, path }]);
  writeFileSync(join(dataDir, path), written);
});

test('kill -9 of the case process alone, of the inference process alone, of elastix alone: the node goes on and the case is computed again', async () => {
  queue.enqueue({ key: 'again', kind: 'analyse', payload: { StudyInstanceUID: study.StudyInstanceUID } });
  await until(() => queue.find('again')?.state === 'done');
  // Nothing changed, so nothing was computed; other rules make it work again.
  const before = store.cases.latestOfStudy(study.StudyInstanceUID)!;
  await killEverything();
  changeRules();
  await startNode({ study, stage: 'prepare' });
  queue.enqueue({ key: 'once more', kind: 'analyse', payload: { StudyInstanceUID: study.StudyInstanceUID } });
  process.kill(await stopped(), 'SIGKILL');

  // The next one finds its inference process dead when it comes to that, and its first registration ends with elastix.
  const second = await stopped();
  process.kill(running('onnx-process')!, 'SIGKILL');
  process.kill(second, 'SIGCONT');
  process.kill(await until(() => running('elastix-process')), 'SIGKILL');

  process.kill(await stopped(), 'SIGCONT');
  const after = await until(() => {
    const found = store.cases.latestOfStudy(study.StudyInstanceUID)!;
    return found.caseKey !== before.caseKey && found.status === 'reported' && found;
  });
  expect(node!.exitCode).toBeNull();
  expect(queue.find('once more')?.attempts).toBe(2);
  expect(after.supersededCaseKey).toBe(before.caseKey);
  await until(() => delivered(after));
});

test('kill -9 of the node alone: what its case process still does is done once, and it ends', async () => {
  await killEverything();
  changeRules();
  await startNode({ study, stage: 'report' });
  queue.enqueue({ key: 'orphan', kind: 'analyse', payload: { StudyInstanceUID: study.StudyInstanceUID } });
  const orphan = await stopped();
  const left = processTree(orphan);
  const exited = once(node!, 'exit');
  node!.kill('SIGKILL');
  await exited;

  // Another node computes the case while the first one's process stands where it would write.
  const before = store.cases.latestOfStudy(study.StudyInstanceUID)!;
  expect(before.status).toBe('running');
  await startNode();
  const finished = await until(() => reported(study));
  expect(finished.caseKey).toBe(before.caseKey);
  await until(() => delivered(finished));
  const lesions = store.lesions.ofCase(finished.caseKey);
  const receptions = () => objectsOf(finished).map(({ SOPInstanceUID }) => received.get(SOPInstanceUID)?.length);
  expect(receptions()).toEqual([1, 1]);

  process.kill(orphan, 'SIGCONT');
  await until(() => !left.some(isThere));
  await until(() => queue.list({ state: 'running' }).length === 0 && queue.list({ state: 'queued' }).length === 0);
  expect(store.cases.latestOfStudy(study.StudyInstanceUID)).toEqual(finished);
  expect(store.lesions.ofCase(finished.caseKey)).toEqual(lesions);
  expect(receptions()).toEqual([1, 1]);
  expect(await verifyStorage(store, dataDir)).toMatchObject({ missing: [], altered: [], orphans: [] });
});
