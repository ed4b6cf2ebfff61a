import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { forkModule } from '../../core/fork-module.js';
import { silentLogger } from '../../core/log.js';
import { packageFolder } from '../../core/software.js';
import { timePointText, researchUse } from '../../cli/time-point-text.js';
import { timePointOf, type TimePointSummary } from '../../node/operations/time-point.js';
import { sendFiles } from '../../node/delivery/send-files.js';
import { demoPatient } from '../demo-patient.js';
import { seriesIdentity, writeDicomSeries } from '../dicom-series.js';
import { loadSourceHead } from '../source-head.js';
import type { PhantomScan } from '../scan.js';
import { databasePath, openStore, type Store } from '../../store/store.js';
import { progressOf } from './progress.js';
import { startReceivingPacs, type ReceivingPacs } from './receiving-pacs.js';
import { compareWithTruth, mostFalse, mustFindMm, type Comparison } from './truth.js';

/** `npm run demo`: the whole main job on a synthetic patient, over real sockets, checked against the truth. */

const out = resolve('demo-out');
/** Under a minute on a good machine, a few minutes on a slow one: what takes longer than this hangs. */
const mostMinutes = 15;
const destination = 'demo-pacs';
const titles = ['baseline', 'follow-up 1', 'follow-up 2'];

/** One study of the demonstration. */
interface DemoStudy {
  readonly title: string;
  readonly StudyInstanceUID: string;
  readonly scan: PhantomScan;
  readonly paths: readonly string[];
  /** When its last slice was answered, ms since the epoch. */
  sentAt: number;
}

const say = (line: string) => console.log(line);

async function makeStudies(folder: string): Promise<DemoStudy[]> {
  say('making a synthetic patient: a baseline and two follow-ups');
  const demo = demoPatient(await loadSourceHead());
  const studies: DemoStudy[] = [];
  for (const [time, title] of titles.entries()) {
    const scan = demo.scanTimePoint(time);
    const paths = await writeDicomSeries(
      join(folder, `time-point-${time + 1}`),
      demo.patient,
      time,
      demo.scanners[time],
      scan,
    );
    const { StudyInstanceUID } = seriesIdentity(demo.patient, time, demo.scanners[time]);
    studies.push({ title, StudyInstanceUID, scan, paths, sentAt: 0 });
    say(`  ${title}: ${paths.length} slices, ${scan.lesions.length} metastases`);
  }
  return studies;
}

/** Starts `priora serve` as its own process, with the embedded defaults but a folder, a free port and the demo's PACS. */
async function startNode(
  work: string,
  pacs: ReceivingPacs,
): Promise<{ port: number; dataDir: string; isRunning: () => boolean; stop: () => void }> {
  const dataDir = join(work, 'data');
  const mappingsDir = join(work, 'mappings');
  cpSync(join(packageFolder, 'mappings'), mappingsDir, { recursive: true });
  const destinations = [{ name: destination, host: '127.0.0.1', port: pacs.port, calledAETitle: pacs.aeTitle }];
  writeFileSync(join(mappingsDir, 'destinations.yaml'), stringify({ destinations }));
  const configPath = join(work, 'priora.yaml');
  writeFileSync(configPath, stringify({ dataDir, mappingsDir, logLevel: 'warn', dicom: { port: 0 } }));
  const child = forkModule(new URL('../../main.js', import.meta.url), { arguments: ['serve', '--config', configPath] });
  process.once('exit', () => child.kill('SIGTERM'));
  const { port } = await new Promise<{ port: number }>((resolveReady, reject) => {
    child.once('message', resolveReady);
    child.once('exit', (code) => reject(new Error(`the node did not start (exit code ${code})`)));
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return { port, dataDir, isRunning, stop: () => child.kill('SIGTERM') };
}

async function send(study: DemoStudy, port: number): Promise<void> {
  const started = Date.now();
  await sendFiles({
    destination: { host: '127.0.0.1', port, calledAETitle: 'PRIORA' },
    callingAETitle: 'DEMO_SCANNER',
    paths: study.paths,
    logger: silentLogger,
  });
  study.sentAt = Date.now();
  say(`${study.title}: ${study.paths.length} slices sent in ${((study.sentAt - started) / 1000).toFixed(1)} s`);
}

/** Waits until every object of the study's case has arrived at the PACS; returns the case and when the last one came. */
async function waitForResults(
  study: DemoStudy,
  store: Store,
  dataDir: string,
  pacs: ReceivingPacs,
  progress: () => void,
): Promise<{ timePoint: TimePointSummary; at: number }> {
  for (;;) {
    progress();
    const finished = store.cases.latestOfStudy(study.StudyInstanceUID);
    if (finished && ['rejected', 'held'].includes(finished.status))
      return { timePoint: timePointOf(store, dataDir, finished), at: Date.now() };
    if (finished?.status === 'reported') {
      const arrived = store.objects
        .ofCase(finished.caseKey)
        .map(({ SOPInstanceUID }) => pacs.received.get(SOPInstanceUID));
      if (arrived.every((object) => object !== undefined))
        return {
          timePoint: timePointOf(store, dataDir, finished),
          at: Math.max(...arrived.map((object) => object.at)),
        };
    }
    await pause(200);
  }
}

/** Leaves the received objects and the picture in `demo-out/`. */
function keep(timePoint: TimePointSummary, folder: string, store: Store, pacs: ReceivingPacs): void {
  mkdirSync(folder, { recursive: true });
  const finished = store.cases.latestOfStudy(timePoint.StudyInstanceUID)!;
  for (const { kind, SOPInstanceUID } of store.objects.ofCase(finished.caseKey))
    copyFileSync(pacs.received.get(SOPInstanceUID)!.path, join(folder, `${kind.toLowerCase()}.dcm`));
  if (timePoint.outputs.picture) copyFileSync(timePoint.outputs.picture, join(folder, 'picture.png'));
}

function describe(study: DemoStudy, timePoint: TimePointSummary, comparison: Comparison, seconds: number): void {
  say(`\n${study.title}, results ${seconds.toFixed(1)} s after the last slice`);
  say(timePointText(timePoint));
  say('  compared with the truth:');
  for (const { diameterMm, volumeMm3, change, found } of comparison.lines) {
    const verdict = found
      ? `${found.trackingID}, ${found.confidence}, ${found.change}, ${found.volumeMm3.toFixed(0)} mm³`
      : 'not found';
    say(
      `    ${diameterMm.toFixed(1).padStart(5)} mm ${volumeMm3.toFixed(0).padStart(5)} mm³ ${change.padEnd(9)} → ${verdict}`,
    );
  }
  say(`    ${comparison.falseFindings.length} findings are false`);
  for (const failure of comparison.failures) say(`    WRONG: ${failure}`);
}

async function main(): Promise<boolean> {
  const work = mkdtempSync(join(tmpdir(), 'priora-demo-'));
  rmSync(out, { recursive: true, force: true });
  const pacs = await startReceivingPacs(join(work, 'pacs'));
  let stop: () => void = () => undefined;
  const demonstrate = async () => {
    const studies = await makeStudies(join(work, 'studies'));
    const node = await startNode(work, pacs);
    stop = node.stop;
    const store = openStore(databasePath(node.dataDir));
    const progress = progressOf({ ...node, store, destination, studies }, say);
    const [baseline, first, second] = studies;
    const failures: string[] = [];
    /** @returns what was read right and wrong, which the next time point is held against as well. */
    const finish = async (study: DemoStudy, prior: { study: DemoStudy; comparison: Comparison } | null) => {
      const { timePoint, at } = await waitForResults(study, store, node.dataDir, pacs, progress);
      const comparison = compareWithTruth(timePoint, study.scan, prior?.comparison ?? null);
      describe(study, timePoint, comparison, (at - study.sentAt) / 1000);
      keep(timePoint, join(out, `time-point-${studies.indexOf(study) + 1}`), store, pacs);
      failures.push(...comparison.failures.map((failure) => `${study.title}: ${failure}`));
      if (timePoint.status !== 'reported') failures.push(`${study.title} was ${timePoint.status}: ${timePoint.reason}`);
      const expected = prior?.study.StudyInstanceUID;
      if (timePoint.prior?.StudyInstanceUID !== expected || (prior && timePoint.prior?.verdict !== 'accepted'))
        failures.push(`${study.title} was analysed with the wrong prior`);
      return { study, comparison };
    };
    await send(baseline, node.port);
    const atBaseline = await finish(baseline, null);
    await send(first, node.port);
    await send(second, node.port);
    const atFirst = await finish(first, atBaseline);
    await finish(second, atFirst);
    store.close();

    say(`\nreceived SEG, SR and one picture per time point: ${out}`);
    say(researchUse);
    if (failures.length === 0)
      say(
        `passed: every metastasis ≥ ${mustFindMm} mm found, its change right, every prior right, ` +
          `at most ${mostFalse.confirmed} confirmed and ${mostFalse.candidate} candidate false findings per time point`,
      );
    else say(`FAILED\n  ${failures.join('\n  ')}`);
    return failures.length === 0;
  };
  const overdue = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`it is not done after ${mostMinutes} minutes`)), mostMinutes * 60_000).unref();
  });
  try {
    return await Promise.race([demonstrate(), overdue]);
  } finally {
    stop();
    await pacs.close();
    rmSync(work, { recursive: true, force: true });
  }
}

process.exitCode = (await main()) ? 0 : 1;
