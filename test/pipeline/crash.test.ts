import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { stages, type CaseResult, type Stage } from '../../src/case/case-result.js';
import { silentLogger } from '../../src/core/log.js';
import { sendFiles } from '../../src/deliver/send-files.js';
import { startReceivingPacs, type ReceivingPacs } from '../../src/demo/receiving-pacs.js';
import type { JobQueue } from '../../src/jobs/job.js';
import { openQueue } from '../../src/jobs/queue.js';
import { verifyStorage } from '../../src/receive/verify.js';
import { databasePath, openStore, type CaseRow, type Store } from '../../src/store/store.js';
import { phantomStudies, type PhantomStudy } from './studies.js';

const root = join(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'priora-crash-'));
const dataDir = join(work, 'data');
let pacs: ReceivingPacs;
let baseline: PhantomStudy;
let study: PhantomStudy;
let store: Store;
let queue: JobQueue;
let node: ChildProcess | undefined;

/** `priora serve` as its own process, built. */
async function startNode(): Promise<number> {
  const child = fork(join(root, 'dist/main.js'), ['serve', '--config', join(work, 'priora.yaml')], { execArgv: [] });
  node = child;
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return port;
}

/** Every process below `pid`, itself first. */
function processTree(pid: number): number[] {
  // `ps` answers with an error where there is no child.
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  const children = stdout.split('\n').filter((line) => line.trim() !== '');
  return [pid, ...children.flatMap((line) => processTree(Number(line)))];
}

const isElastix = (pid: number) =>
  spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes('elastix-process');

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

/** Waits (for the test's own time limit) until `condition` holds. */
async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = condition();
    if (value) return value;
    await pause(5);
  }
}

/** The case has begun the stage; the last one is seen by its first file, since its stage passes quickly. */
const reached = (stage: Stage) => () =>
  stage === 'report'
    ? existsSync(join(dataDir, 'cases/2/labels.nii.gz'))
    : queue.list({ kind: 'analyse', state: 'running' }).some((job) => job.stage?.startsWith(stage));

beforeAll(async () => {
  pacs = await startReceivingPacs(join(work, 'pacs'));
  [baseline, study] = await phantomStudies(2);
  cpSync(join(root, 'mappings'), join(work, 'mappings'), { recursive: true });
  const destination = { name: 'pacs', host: '127.0.0.1', port: pacs.port, calledAETitle: pacs.aeTitle };
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
  await pacs.close();
});

test(
  'kill -9 of everything as each stage begins, and as results are sent, loses nothing and doubles nothing',
  { timeout: 600_000 },
  async () => {
    const destination = { host: '127.0.0.1', port: await startNode(), calledAETitle: 'PRIORA' };
    const send = ({ paths }: PhantomStudy) =>
      sendFiles({ destination, callingAETitle: 'SCANNER', paths, logger: silentLogger });
    await send(baseline);
    const reported = ({ StudyInstanceUID }: PhantomStudy) => {
      const found = store.cases.latestOfStudy(StudyInstanceUID);
      return found?.status === 'reported' && found;
    };
    const delivered = ({ caseKey }: CaseRow) =>
      store.deliveries.ofCase(caseKey).every(({ state }) => state === 'delivered');
    const before = await until(() => reported(baseline));
    await until(() => delivered(before));
    await send(study);
    // These pass in less than a look at the queue takes.
    const quick = ['match', 'review', 'track', 'respond'];
    const boundaries = stages.filter((stage) => !quick.includes(stage));
    for (const stage of boundaries) {
      await until(reached(stage));
      await killEverything();
      expect(store.instances.count()).toBe(baseline.paths.length + study.paths.length);
      await startNode();
    }
    const finished = await until(() => reported(study));
    await killEverything();
    await startNode();
    await until(() => delivered(finished));

    const { objects, prior } = finished.result as CaseResult;
    expect(prior).toMatchObject({ StudyInstanceUID: baseline.StudyInstanceUID, verdict: 'accepted' });
    expect(objects.map(({ kind }) => kind)).toEqual(['SEG', 'SR']);
    const sentOnce = [...(before.result as CaseResult).objects, ...objects].map(({ SOPInstanceUID }) => SOPInstanceUID);
    expect([...pacs.received.keys()].sort()).toEqual(sentOnce.sort());
    expect(store.cases.list()).toHaveLength(2);
    expect([before.caseKey, finished.caseKey]).toEqual([1, 2]);
    const lesions = store.cases.lesions(finished.caseKey);
    expect(new Set(lesions.map(({ trackingUID }) => trackingUID)).size).toBe(lesions.length);
    expect(await verifyStorage(store, dataDir)).toEqual({
      checked: baseline.paths.length + study.paths.length + sentOnce.length,
      missing: [],
      altered: [],
      orphans: [],
    });
    for (const { SOPInstanceUID, path } of objects) {
      const sent = readFileSync(join(dataDir, path));
      const received = readFileSync(pacs.received.get(SOPInstanceUID)!.path);
      // The data set, without file meta information, which each side writes for itself.
      expect(received.subarray(-sent.length / 2)).toEqual(sent.subarray(-sent.length / 2));
    }
    const [{ SOPInstanceUID, path }] = objects;
    const written = readFileSync(join(dataDir, path));
    writeFileSync(join(dataDir, path), written.subarray(1));
    expect((await verifyStorage(store, dataDir)).altered).toEqual([{ SOPInstanceUID, path }]);
    writeFileSync(join(dataDir, path), written);
  },
);

test(
  'kill -9 of the case process alone, then of elastix alone: the node goes on and the case is computed again',
  { timeout: 300_000 },
  async () => {
    queue.enqueue({ key: 'again', kind: 'analyse', payload: { StudyInstanceUID: study.StudyInstanceUID } });
    await until(() => queue.find('again')?.state === 'done');
    // Nothing changed, so nothing was computed; a new fingerprint makes it work again.
    const before = store.cases.latestOfStudy(study.StudyInstanceUID)!;
    writeFileSync(
      join(work, 'mappings/response-criteria.yaml'),
      readFileSync(join(work, 'mappings/response-criteria.yaml'), 'utf8').replace(
        'minimumVolumeChangeMm3: 20',
        'minimumVolumeChangeMm3: 21',
      ),
    );
    await killEverything();
    await startNode();
    queue.enqueue({ key: 'once more', kind: 'analyse', payload: { StudyInstanceUID: study.StudyInstanceUID } });
    await until(reached('prepare'));
    const [, caseProcess] = processTree(node!.pid!);
    process.kill(caseProcess, 'SIGKILL');
    // The one that prepares, which runs for seconds, of the case process that comes after; the dead one's is no child of the node's any more.
    const preparing = await until(() => processTree(node!.pid!).find(isElastix));
    process.kill(preparing, 'SIGKILL');
    const after = await until(() => {
      const found = store.cases.latestOfStudy(study.StudyInstanceUID)!;
      return found.caseKey !== before.caseKey && found.status === 'reported' && found;
    });
    expect(node!.exitCode).toBeNull();
    expect(queue.find('once more')?.attempts).toBe(2);
    expect(after.supersededCaseKey).toBe(before.caseKey);
  },
);
