import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { startEnsemble } from '../analysis/infer/start-ensemble.js';
import { timePointOf, type TimePoint } from '../node/operations/time-point.js';
import { patientOrderKey } from '../node/queue/case-jobs.js';
import { systemClock } from '../core/clock.js';
import { loadConfig, type Config } from '../core/config.js';
import { asPrioraError, PrioraError } from '../core/errors.js';
import { ExitCode } from '../core/exit-code.js';
import { makeNamedFolder } from '../core/folder.js';
import { createLogger } from '../core/log.js';
import { deliverableKinds, kindsToWrite, type DeliverableKind } from '../node/delivery/destinations.js';
import { indexInstance } from '../node/ingest/index-instance.js';
import { loadMappings } from '../node/mappings.js';
import { analyseStudy, type PipelineContext } from '../analysis/pipeline.js';
import { openReceiver } from '../node/ingest/receiver.js';
import { databasePath, openStore, type CaseRow, type Store } from '../store/store.js';
import { inputFiles } from './input-files.js';
import { researchUse, timePointText } from './time-point-text.js';

/** How files are to be analysed. */
export interface AnalyseOptions {
  /** Configuration file. */
  readonly config?: string;
  /** Take the likeliest series of a study that selection refuses. */
  readonly forceSeries?: boolean;
  readonly objects: readonly DeliverableKind[];
}

interface AnalyseArguments extends AnalyseOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** What `priora analyse --json` prints. */
export interface Analysis {
  readonly timePoints: readonly TimePoint[];
  /** Files that are no usable DICOM instance, with the reason; `dicom` is false for what is no DICOM file at all. */
  readonly refusedFiles: readonly {
    readonly path: string;
    readonly dicom: boolean;
    readonly code: string;
    readonly reason: string;
  }[];
  /** Studies that could not be read for another reason than their images, and the later ones of the same patient. */
  readonly failures: readonly {
    readonly PatientID: string;
    readonly StudyInstanceUID: string;
    readonly code: string;
    readonly reason: string;
  }[];
  readonly notice: string;
}

/** Takes files in exactly as a C-STORE would, into a throw-away index. */
async function receiveFiles(store: Store, config: Config, paths: readonly string[]): Promise<Analysis['refusedFiles']> {
  const { issuers } = config.dicom;
  const receiver = openReceiver({
    store,
    dataDir: config.dataDir,
    index: (header, instance, source) =>
      void indexInstance(store, header, instance, source, { issuers, zone: config.time.zone }),
    logger: createLogger(config.logLevel),
  });
  const refused: Analysis['refusedFiles'][number][] = [];
  for (const path of paths) {
    try {
      const reception = await receiver.receiveFile(path);
      if (reception.outcome !== 'quarantined') continue;
      refused.push({ path, dicom: true, code: reception.error.code, reason: reception.error.message });
    } catch (thrown) {
      const error = asPrioraError(thrown);
      if (!error.blamesInput) throw error;
      refused.push({ path, dicom: false, code: error.code, reason: error.message });
    }
  }
  return refused;
}

/** The studies in the index, each patient's in the order of acquisition. */
function studiesInOrder(store: Store): string[] {
  const series = store.series.receiving().filter(({ origin }) => origin === 'received');
  const times = new Map<string, number>();
  for (const row of series)
    times.set(row.StudyInstanceUID, Math.min(times.get(row.StudyInstanceUID) ?? Infinity, patientOrderKey(row)));
  return [...times].sort(([, a], [, b]) => a - b).map(([StudyInstanceUID]) => StudyInstanceUID);
}

/** Makes of a finished case the time point to return, and keeps of its files what shall outlast the throw-away index in `dataDir`. */
export type KeepTimePoint = (finished: CaseRow, store: Store, dataDir: string, number: number) => TimePoint;

/** Copies each time point's files to a folder of its own below `out`; the result names the copies. */
const keepOutputs =
  (out: string): KeepTimePoint =>
  (finished, store, dataDir, number) => {
    const timePoint = timePointOf(store, dataDir, finished);
    const folder = join(out, `time-point-${number}`);
    const keep = (path: string | null) => {
      if (path === null) return null;
      mkdirSync(folder, { recursive: true });
      const kept = join(folder, basename(path));
      copyFileSync(path, kept);
      return kept;
    };
    const { seg, sr, picture, ...others } = timePoint.outputs;
    const kept = Object.fromEntries(Object.entries(others).map(([kind, path]) => [kind, keep(path)]));
    return { ...timePoint, outputs: { seg: keep(seg), sr: keep(sr), ...kept, picture: keep(picture) } };
  };

/**
 * The whole pipeline over files, without network: several studies of a patient are each the next one's prior.
 * A study that fails keeps the patient's later ones from being read, which would have the wrong prior, but nobody else's.
 */
export async function analyseFiles(
  paths: readonly string[],
  options: AnalyseOptions,
  keep: KeepTimePoint,
): Promise<Analysis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'priora-analyse-'));
  const config: Config = { ...loadConfig(options.config), dataDir };
  const mappings = { ...loadMappings(config.mappingsDir), destinations: [] };
  const store = openStore(databasePath(dataDir));
  try {
    const refusedFiles = await receiveFiles(store, config, inputFiles(paths));
    const studies = studiesInOrder(store);
    const timePoints: TimePoint[] = [];
    const failures: Analysis['failures'][number][] = [];
    /** Patients and why a study of theirs failed. */
    const failed = new Map<number, PrioraError>();
    if (studies.length > 0) {
      const ensemble = await startEnsemble(config);
      const context: PipelineContext = {
        store,
        dataDir,
        mappings,
        ensemble,
        language: config.reportLanguage,
        zone: config.time.zone,
        objects: kindsToWrite([options]),
        clock: systemClock,
      };
      try {
        for (const [index, StudyInstanceUID] of studies.entries()) {
          const say = (text: string) => console.error(`study ${index + 1} of ${studies.length}: ${text}`);
          const { PatientID, patientKey } = store.studies.find(StudyInstanceUID)!;
          try {
            const earlier = failed.get(patientKey);
            if (earlier) throw new PrioraError(earlier.code, 'not read: an earlier study of this patient failed');
            const finished = await analyseStudy(context, StudyInstanceUID, {
              forceSeries: options.forceSeries ?? false,
              onStage: (stage, fraction) => {
                if (fraction === undefined) say(stage);
              },
            });
            timePoints.push(keep(finished, store, dataDir, index + 1));
          } catch (thrown) {
            const error = asPrioraError(thrown);
            say(error.message);
            failed.set(patientKey, error);
            failures.push({ PatientID, StudyInstanceUID, code: error.code, reason: error.message });
          }
        }
      } finally {
        ensemble.close();
      }
    }
    return { timePoints, refusedFiles, failures, notice: researchUse };
  } finally {
    store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function print({ timePoints, refusedFiles, failures, notice }: Analysis): void {
  for (const timePoint of timePoints) {
    console.log(timePointText(timePoint));
    const files = Object.values(timePoint.outputs).filter((path) => path !== null);
    if (files.length > 0) console.log(`  ${files.join('\n  ')}`);
  }
  for (const { path, reason } of refusedFiles) console.log(`refused ${path}: ${reason}`);
  for (const { PatientID, StudyInstanceUID, reason } of failures)
    console.log(`patient ${PatientID}  study ${StudyInstanceUID}\n  failed: ${reason}`);
  console.log(notice);
}

/** `SEG,SR,RTSTRUCT` as a list. @throws InvalidArgumentError naming what is no kind of object. */
function objectList(text: string): DeliverableKind[] {
  return text.split(',').map((name) => {
    const kind = deliverableKinds.find((candidate) => candidate === name.trim());
    if (!kind) throw new InvalidArgumentError(`"${name}" is none of ${deliverableKinds.join(', ')}.`);
    return kind;
  });
}

/** `priora analyse` */
export function registerAnalyseCommand(program: Command): void {
  program
    .command('analyse')
    .description('analyse DICOM files or folders without a network; studies of a patient in the order of acquisition')
    .argument('<paths...>', 'files or folders')
    .requiredOption('--out <dir>', 'folder for the objects and pictures')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print one JSON object')
    .addOption(
      new Option('--objects <list>', `what to write besides the picture, of ${deliverableKinds.join(', ')}`)
        .default(['SEG', 'SR'], 'SEG,SR')
        .argParser(objectList),
    )
    .option('--force-series', 'analyse the largest series of a study that selection refuses; the report says so')
    .action(async (paths: string[], options: AnalyseArguments) => {
      const out = resolve(options.out);
      makeNamedFolder(out, '--out');
      const analysis = await analyseFiles(paths, options, keepOutputs(out));
      if (options.json) console.log(JSON.stringify(analysis, null, 2));
      else print(analysis);
      const { timePoints, refusedFiles, failures } = analysis;
      if (failures.length > 0) process.exitCode = ExitCode.failure;
      else if (timePoints.some(({ status }) => status !== 'reported') || refusedFiles.some(({ dicom }) => dicom))
        process.exitCode = ExitCode.rejectedInput;
      else if (timePoints.length === 0) process.exitCode = ExitCode.nothingToDo;
    });
}
