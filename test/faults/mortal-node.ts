import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { silentLogger } from '../../src/core/log.js';
import { SOPClass } from '../../src/dicom/uid.js';
import type { StoreHandler } from '../../src/dimse/index.js';
import { stages } from '../../src/model/case-result.js';
import { sendFiles } from '../../src/node/delivery/send-files.js';
import { verifyStorage } from '../../src/node/operations/verify.js';
import type { JobQueue } from '../../src/node/queue/job-queue.js';
import { openQueue } from '../../src/node/queue/queue.js';
import { databasePath, openStore, type CaseRow, type Store } from '../../src/store/store.js';
import { phantomStudies, type PhantomStudy } from '../analysis/pipeline/studies.js';
import { everyTransferSyntax, recordingServer, type RecordingServer } from '../dimse/recording-server.js';
import { descendant, processTree, told, until } from '../processes.js';

const root = join(import.meta.dirname, '../..');

/** Where the case process can be stopped: as a stage begins, or between the report's files and its row. */
export const moments = [...stages, 'written'] as const;
export interface StopAt {
  readonly study: PhantomStudy;
  readonly stage: (typeof moments)[number];
}

/** proc(5): T is stopped, Z has ended and was not waited for, none is no process. */
const stateOf = (pid: number) => /\) (\S)/.exec(told(pid, 'stat'))?.[1] ?? null;
export const isThere = (pid: number): boolean => ![null, 'Z'].includes(stateOf(pid));

export const objectsOf = ({ result }: CaseRow) => result!.objects;

/** `priora serve` as a process that can be killed at any moment, with a patient of two studies and a PACS that keeps what it gets. */
export class MortalNode {
  readonly work = mkdtempSync(join(tmpdir(), 'priora-crash-'));
  readonly dataDir = join(this.work, 'data');
  /** Every data set that the PACS received, by SOPInstanceUID. */
  readonly received = new Map<string, Buffer[]>();
  store!: Store;
  queue!: JobQueue;
  baseline!: PhantomStudy;
  /** The follow-up. */
  study!: PhantomStudy;
  process: ChildProcess | undefined;
  private pacs!: RecordingServer;
  private port = 0;
  /** The PACS answers once this is fulfilled. */
  private mayAnswer = Promise.resolve();

  static async prepare(): Promise<MortalNode> {
    const node = new MortalNode();
    [node.baseline, node.study] = await phantomStudies();
    node.pacs = await recordingServer({
      aeTitle: 'PACS',
      handler: node.keep,
      supportedContexts: [SOPClass.SegmentationStorage, SOPClass.Comprehensive3DSRStorage].map((abstractSyntax) => ({
        abstractSyntax,
        transferSyntaxes: everyTransferSyntax,
      })),
    });
    const mappingsDir = join(node.work, 'mappings');
    cpSync(join(root, 'mappings'), mappingsDir, { recursive: true });
    const destination = { name: 'pacs', host: '127.0.0.1', port: node.pacs.port, calledAETitle: 'PACS' };
    writeFileSync(join(mappingsDir, 'destinations.yaml'), stringify({ destinations: [destination] }));
    writeFileSync(
      join(node.work, 'priora.yaml'),
      stringify({
        dataDir: node.dataDir,
        mappingsDir,
        modelsDir: join(root, 'test/fixtures/models'),
        logLevel: 'silent',
        dicom: { port: 0 },
        completeness: { settleSeconds: 0 },
        delivery: { firstRetrySeconds: 0.1 },
      }),
    );
    mkdirSync(node.dataDir);
    node.store = openStore(databasePath(node.dataDir));
    node.queue = openQueue(node.store);
    return node;
  }

  private readonly keep: StoreHandler = ({ AffectedSOPInstanceUID }) => {
    const pieces: Buffer[] = [];
    return {
      write: (chunk) => void pieces.push(chunk),
      abort: () => undefined,
      finish: async () => {
        const before = this.received.get(AffectedSOPInstanceUID) ?? [];
        this.received.set(AffectedSOPInstanceUID, [...before, Buffer.concat(pieces)]);
        await this.mayAnswer;
        return { Status: 0x0000 };
      },
    };
  };

  async close(): Promise<void> {
    if (this.process?.exitCode === null && this.process.signalCode === null) await this.kill();
    this.store.close();
    await this.pacs.server.close();
  }

  /** Starts the node, built; its case process stops at that moment of that study. */
  async start(stopAt?: StopAt): Promise<void> {
    const stopper = pathToFileURL(join(import.meta.dirname, 'stop-at-stage.mjs')).href;
    this.process = fork(join(root, 'dist/main.js'), ['serve', '--config', join(this.work, 'priora.yaml')], {
      execArgv: [],
      env: {
        ...process.env,
        NODE_OPTIONS: `--import ${stopper}`,
        PRIORA_STOP_AT: stopAt && `${stopAt.study.StudyInstanceUID} ${stopAt.stage}`,
      },
    });
    const [{ port }] = (await once(this.process, 'message')) as [{ port: number }];
    this.port = port;
  }

  /** Sends a study as a scanner does. */
  async send({ paths }: PhantomStudy): Promise<void> {
    await sendFiles({
      destination: { host: '127.0.0.1', port: this.port, calledAETitle: 'PRIORA' },
      callingAETitle: 'SCANNER',
      paths,
      logger: silentLogger,
    });
  }

  /** The node's descendant that runs this module. */
  running(module: string): number | undefined {
    return descendant(this.process!.pid!, module);
  }

  /** The case process, once it stands where it was told to stop. */
  stopped(): Promise<number> {
    return until(() => {
      const pid = this.running('case-process');
      return pid !== undefined && stateOf(pid) === 'T' && pid;
    });
  }

  /** Power cut: the node and everything below it dies at once. */
  async kill(): Promise<void> {
    const exited = once(this.process!, 'exit');
    for (const pid of processTree(this.process!.pid!)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // already gone
      }
    }
    await exited;
  }

  reported({ StudyInstanceUID }: PhantomStudy) {
    const found = this.store.cases.latestOfStudy(StudyInstanceUID);
    return found?.status === 'reported' && found;
  }

  delivered({ caseKey }: CaseRow): boolean {
    return this.store.deliveries.ofCase(caseKey).every(({ state }) => state === 'delivered');
  }

  /** The job that analyses the follow-up. */
  analysis() {
    return this.queue.list({ kind: 'analyse' }).find(({ key }) => key.includes(this.study.StudyInstanceUID));
  }

  /** Makes the next run of every case find other rules than the last, so that it computes. */
  changeRules(): void {
    const path = join(this.work, 'mappings/response-criteria.yaml');
    const text = readFileSync(path, 'utf8');
    const [setting, value] = /minimumVolumeChangeMm3: (\d+)/.exec(text)!;
    writeFileSync(path, text.replace(setting, `minimumVolumeChangeMm3: ${Number(value) + 1}`));
  }

  /**
   * Cuts the power at each of these moments of the follow-up, which has arrived, then when the PACS has its first object
   * and could not say so; starts again each time. Expects that nothing is lost and nothing doubled.
   */
  async surviveCuts(at: readonly StopAt['stage'][]): Promise<void> {
    const { store, baseline, study, received } = this;
    for (const [kills, stage] of at.entries()) {
      await this.start({ study, stage });
      await this.stopped();
      await until(() => this.analysis()?.stage?.startsWith(stage === 'written' ? 'report' : stage));
      // Its patient's earlier report is out of the way.
      if (kills === 0) await until(() => this.delivered(store.cases.find(1)!));
      await this.kill();
      expect(store.instances.count()).toBe(baseline.paths.length + study.paths.length);
    }
    const before = await until(() => this.reported(baseline));
    expect(this.delivered(before)).toBe(true);

    // The PACS has the first object and dies for the node before it has said so.
    let answer = () => {};
    this.mayAnswer = new Promise((resolve) => (answer = resolve));
    await this.start();
    const finished = await until(() => this.reported(study));
    const [first] = await until(() => {
      const here = objectsOf(finished).filter(({ SOPInstanceUID }) => received.has(SOPInstanceUID));
      return here.length > 0 && here;
    });
    await this.kill();
    answer();
    expect(this.delivered(finished)).toBe(false);
    await this.start();
    await until(() => this.delivered(finished));

    const { objects, prior } = finished.result;
    expect(prior).toMatchObject({ StudyInstanceUID: baseline.StudyInstanceUID, verdict: 'accepted' });
    expect(objects.map(({ kind }) => kind)).toEqual(['SEG', 'SR']);
    // What was answered for is sent once; what was not, again and the same.
    const sent = [...objectsOf(before), ...objects];
    expect([...received.keys()].sort()).toEqual(sent.map(({ SOPInstanceUID }) => SOPInstanceUID).sort());
    for (const { SOPInstanceUID, path } of sent) {
      const receptions = received.get(SOPInstanceUID)!;
      expect(receptions).toHaveLength(SOPInstanceUID === first.SOPInstanceUID ? 2 : 1);
      const file = readFileSync(join(this.dataDir, path));
      for (const dataset of receptions) expect(file.subarray(-dataset.length).equals(dataset)).toBe(true);
    }
    expect(store.cases.list()).toHaveLength(2);
    expect([before.caseKey, finished.caseKey]).toEqual([1, 2]);
    const lesions = store.lesions.ofCase(finished.caseKey);
    expect(new Set(lesions.map(({ trackingUID }) => trackingUID)).size).toBe(lesions.length);
    expect(await verifyStorage(store, this.dataDir)).toEqual({
      checked: baseline.paths.length + study.paths.length + sent.length,
      missing: [],
      altered: [],
      orphans: [],
    });
  }
}
