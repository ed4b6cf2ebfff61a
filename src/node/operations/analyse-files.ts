import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startEnsemble } from '../../analysis/infer/start-ensemble.js';
import { analyseStudy, type PipelineContext } from '../../analysis/pipeline.js';
import { systemClock } from '../../core/clock.js';
import { loadConfig, type Config } from '../../core/config.js';
import { asPrioraError, PrioraError } from '../../core/errors.js';
import { createLogger } from '../../core/log.js';
import { databasePath, openStore, type CaseRow, type Store } from '../../store/store.js';
import { kindsToWrite, type DeliverableKind } from '../delivery/destinations.js';
import { indexInstance } from '../ingest/index-instance.js';
import { openReceiver } from '../ingest/receiver.js';
import { loadMappings } from '../mappings.js';
import { patientOrderKey } from '../queue/case-jobs.js';
import { inputFiles } from './input-files.js';
import { timePointOf, type TimePointSummary } from './time-point.js';

/** How files are to be analysed. */
export interface AnalyseFilesOptions {
  /** Configuration file. */
  readonly config?: string;
  /** Take the likeliest series of a study that selection refuses. */
  readonly forceSeries?: boolean;
  readonly objects: readonly DeliverableKind[];
  /** Called as the work proceeds, with one line at a time. */
  readonly progress?: (line: string) => void;
}

/** What became of the files: `priora analyse --json` prints it. */
export interface Analysis {
  readonly timePoints: readonly TimePointSummary[];
  /**
   * Files that are not usable DICOM instances, with the reason; `dicom` is false for files that are not DICOM at all.
   */
  readonly refusedFiles: readonly {
    readonly path: string;
    readonly dicom: boolean;
    readonly code: string;
    readonly reason: string;
  }[];
  /**
   * Studies that could not be analysed for a reason other than their images, and the later ones of the same patient.
   */
  readonly failures: readonly {
    readonly PatientID: string;
    readonly StudyInstanceUID: string;
    readonly code: string;
    readonly reason: string;
  }[];
}

/** Receives files exactly as a C-STORE would, into a throw-away index. */
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

/**
 * Turns a finished case into the time point to return, and keeps those of its files that must outlast the throw-away
 * index in `dataDir`.
 */
export type KeepTimePoint = (finished: CaseRow, store: Store, dataDir: string, number: number) => TimePointSummary;

/** Copies the files of each time point to a separate folder below `out`; the result names the copies. */
export const keepOutputs =
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
 * The whole pipeline on files, without a network connection: each study is the prior of the patient's next. A study
 * that fails prevents the analysis of the patient's later ones, which would have the wrong prior, but of nobody else's.
 */
export async function analyseFiles(
  paths: readonly string[],
  options: AnalyseFilesOptions,
  keep: KeepTimePoint,
): Promise<Analysis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'priora-analyse-'));
  const config: Config = { ...loadConfig(options.config), dataDir };
  const mappings = { ...loadMappings(config.mappingsDir), destinations: [] };
  const store = openStore(databasePath(dataDir));
  try {
    const refusedFiles = await receiveFiles(store, config, inputFiles(paths));
    const studies = studiesInOrder(store);
    const timePoints: TimePointSummary[] = [];
    const failures: Analysis['failures'][number][] = [];
    /** Patients, and why a study of theirs failed. */
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
          const say = (text: string) => options.progress?.(`study ${index + 1} of ${studies.length}: ${text}`);
          const { PatientID, patientKey } = store.studies.find(StudyInstanceUID)!;
          try {
            const earlier = failed.get(patientKey);
            if (earlier) throw new PrioraError(earlier.code, 'not analysed: an earlier study of this patient failed');
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
    return { timePoints, refusedFiles, failures };
  } finally {
    store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
