/**
 * A node from the last slice to the results at the PACS: `npx tsx bench/pipeline.ts [models folder]` (default: the shipped
 * models). Prints JSON. The synthetic patient of the demonstration, 240 × 240 × 155 at 1 mm: a baseline, then two follow-ups,
 * the first over an association that is released (the evidence completes the series), the second over one that is aborted
 * after its last slice (the completeness timer does). While each case computes, C-ECHO requests go to the same SCP, over an
 * association that stays open and over new ones. `load` is what else the machine was doing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { timePointOf } from '../src/node/operations/time-point.js';
import { forkModule } from '../src/core/fork-module.js';
import { parseConfig } from '../src/core/config.js';
import { packageFolder } from '../src/core/software.js';
import { startReceivingPacs } from '../src/phantom/demo/receiving-pacs.js';
import { decodeFileMeta } from '../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../src/dicom/uid.js';
import { Association } from '../src/dimse/index.js';
import { openQueue } from '../src/node/queue/queue.js';
import { demoPatient } from '../src/phantom/demo-patient.js';
import { seriesIdentity, writeDicomSeries } from '../src/phantom/dicom-series.js';
import { scan } from '../src/phantom/scan.js';
import { loadSourceHead } from '../src/phantom/source-head.js';
import { databasePath, openStore } from '../src/store/store.js';

const titles = ['baseline', 'follow-up, association released', 'follow-up, completeness timer'];
const root = mkdtempSync(join(tmpdir(), 'priora-pipeline-'));
const dataDir = join(root, 'data');
const modelsDir = resolve(process.argv[2] ?? join(packageFolder, 'models'));

const pacs = await startReceivingPacs(join(root, 'pacs'));
const mappingsDir = join(root, 'mappings');
cpSync(join(packageFolder, 'mappings'), mappingsDir, { recursive: true });
const destinations = [{ name: 'pacs', host: '127.0.0.1', port: pacs.port, calledAETitle: pacs.aeTitle }];
writeFileSync(join(mappingsDir, 'destinations.yaml'), JSON.stringify({ destinations }));
const configPath = join(root, 'priora.yaml');
writeFileSync(configPath, JSON.stringify({ dataDir, mappingsDir, modelsDir, logLevel: 'warn', dicom: { port: 0 } }));
const { completeness } = parseConfig({});

const demo = demoPatient(await loadSourceHead());
const studies: { title: string; StudyInstanceUID: string; paths: string[] }[] = [];
for (const [time, title] of titles.entries()) {
  const scanner = { ...demo.scanners[time], shape: [240, 240, 155], spacingMm: [1, 1, 1] } as const;
  const image = scan(demo.patient, time, scanner);
  const paths = await writeDicomSeries(join(root, String(time)), demo.patient, time, scanner, image);
  studies.push({ title, StudyInstanceUID: seriesIdentity(demo.patient, time, scanner).StudyInstanceUID, paths });
}

const child = forkModule(new URL('../src/main.js', import.meta.url), { arguments: ['serve', '--config', configPath] });
const { port } = await new Promise<{ port: number }>((ready, reject) => {
  child.once('message', ready);
  child.once('exit', (code) => reject(new Error(`the node did not start (exit code ${code})`)));
});
const associate = () =>
  Association.request({
    host: '127.0.0.1',
    port,
    callingAETitle: 'BENCH',
    calledAETitle: 'PRIORA',
    presentationContexts: [
      { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
      { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
    ],
  });

/** Sends a study; returns when its last slice was answered. */
async function send(paths: readonly string[], release: boolean): Promise<number> {
  const association = await associate();
  for (const path of paths) {
    const file = readFileSync(path);
    const { meta, datasetOffset } = decodeFileMeta(file);
    const { Status } = await association.store({
      SOPClassUID: meta.MediaStorageSOPClassUID,
      SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
      transferSyntax: meta.TransferSyntaxUID,
      dataset: [file.subarray(datasetOffset)],
    });
    if (Status !== 0) throw new Error(`${path} was answered with ${Status}`);
  }
  const at = performance.now();
  if (release) await association.release();
  else association.abort();
  return at;
}

/** Round trips until `until` settles, milliseconds: on one association, and with an association each. */
async function echoes(until: Promise<unknown>): Promise<{ held: number[]; fresh: number[] }> {
  let over = false;
  void until.finally(() => (over = true)).catch(() => undefined);
  const times = { held: [] as number[], fresh: [] as number[] };
  const held = await associate();
  while (!over) {
    const began = performance.now();
    await held.echo();
    times.held.push(performance.now() - began);
    const opened = performance.now();
    const fresh = await associate();
    await fresh.echo();
    await fresh.release();
    times.fresh.push(performance.now() - opened);
    await pause(50);
  }
  await held.release();
  return times;
}
const summary = (times: number[]) => {
  const sorted = [...times].sort((a, b) => a - b);
  const rounded = (value: number) => Math.round(value * 10) / 10;
  const at = (part: number) => rounded(sorted[Math.floor(part * (sorted.length - 1))]);
  return { count: times.length, medianMs: at(0.5), p99Ms: at(0.99), longestMs: at(1) };
};

const store = openStore(databasePath(dataDir));
const queue = openQueue(store);
const loadBefore = loadavg();
try {
  const results: object[] = [];
  for (const [index, { title, StudyInstanceUID, paths }] of studies.entries()) {
    const lastSliceAt = await send(paths, index < 2);
    const arrived = (async () => {
      for (;;) {
        const [failed] = queue.list({ state: 'failed' });
        if (failed) throw new Error(`${failed.key}: ${failed.error}`);
        const finished = store.cases.latestOfStudy(StudyInstanceUID);
        if (finished?.status === 'rejected') throw new Error(finished.reason!);
        if (finished?.status === 'reported') {
          const objects = store.objects.ofCase(finished.caseKey).map(({ SOPInstanceUID }) => SOPInstanceUID);
          if (objects.every((uid) => pacs.received.has(uid))) return finished;
        }
        await pause(50);
      }
    })();
    const times = await echoes(arrived);
    const finished = await arrived;
    const atPacs = Math.round(performance.now() - lastSliceAt) / 1000;
    const { seconds, prior, lesions, models } = timePointOf(store, dataDir, finished);
    results.push({
      title,
      slices: paths.length,
      secondsToPacs: atPacs,
      secondsByStage: seconds,
      secondsComputing: Math.round(Object.values(seconds).reduce((sum, value) => sum + value, 0) * 100) / 100,
      prior: prior?.verdict ?? null,
      lesions: lesions.length,
      models: models.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 12)}`),
      echoOnOneAssociation: summary(times.held),
      associationEchoRelease: summary(times.fresh),
    });
  }
  console.log(
    JSON.stringify(
      {
        volume: '240 × 240 × 155, 1 mm',
        machine: `${cpus().length} × ${cpus()[0].model}, Node ${process.version}`,
        completeness: { settleSeconds: completeness.settleSeconds, timerSeconds: completeness.timerSeconds },
        load: { before: loadBefore, after: loadavg() },
        results,
      },
      null,
      2,
    ),
  );
} finally {
  store.close();
  await pacs.close();
  child.removeAllListeners('exit');
  child.kill('SIGTERM');
  await new Promise((ended) => child.once('exit', ended));
  rmSync(root, { recursive: true, force: true });
}
