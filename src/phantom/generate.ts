import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeNifti } from '../imaging/nifti.js';
import { anatomyOf, anatomySplit, type Split } from './anatomies.js';
import { writeDicomSeries } from './dicom-series.js';
import { loadLabelHead } from './label-head.js';
import { createPatient, phantomName, type PhantomPatient } from './patient.js';
import { scan } from './scan.js';
import { scanners, type ScannerName } from './scanner.js';
import { loadSourceHead, type SourceHead } from './source-head.js';
import { acquireWith, isTrainingCaseComplete, writeTrainingCase, type Acquisition } from './training-case.js';
import { writeTruth, type PhantomTruth } from './truth.js';

export const phantomFormats = ['dicom', 'training', 'nifti'] as const;
export type PhantomFormat = (typeof phantomFormats)[number];

export interface GenerateOptions {
  /** First patient's seed; the others follow one by one. */
  readonly seed: number;
  readonly patients: number;
  /** Waits while this many patients lie in `out`: whoever uses them up removes them. Without it nothing waits. */
  readonly ahead?: number;
  /** Scans a patient; three or four by chance when left out. */
  readonly timePoints?: number;
  readonly format: PhantomFormat;
  readonly out: string;
  /** Folder with `head.nii.gz` and `brain-mask.nii.gz`; Colin27 when left out. */
  readonly head?: string;
  /** Label maps to take the patients' heads from instead ({@link anatomySplit}), and which of them. */
  readonly anatomies?: { readonly folder: string; readonly split: Split };
  /** What they are scanned with; `various` when left out. */
  readonly scanner?: ScannerName;
  /** Called with one line a time point. */
  readonly progress?: (line: string) => void;
}

/** One head for all patients. */
function imageHead(folder?: string): (seed: number) => Promise<SourceHead> {
  const head = loadSourceHead(folder);
  return () => head;
}

/** The heads of a split in turn, each read once. */
function labelHeads({
  folder,
  split,
}: NonNullable<GenerateOptions['anatomies']>): (seed: number) => Promise<SourceHead> {
  const heads = new Map<string, Promise<SourceHead>>();
  return (seed) => {
    const name = anatomyOf(split, seed);
    const head = heads.get(name) ?? loadLabelHead(folder, name);
    heads.set(name, head);
    return head;
  };
}

/** The patients in a folder, whole or not. */
const patientsIn = async (out: string): Promise<string[]> =>
  (await readdir(out).catch(() => [])).filter((name) => name.startsWith('PHANTOM-'));

/** @throws Error when a folder holds patients made from the heads of another split, or from another head. */
async function refuseOtherSplit(out: string, split: Split): Promise<void> {
  for (const patient of await patientsIn(out))
    for (const file of ['case.json', 'truth.json']) {
      const text = await readFile(join(out, patient, 't0', file), 'utf8').catch(() => null);
      if (text === null) continue;
      const { anatomy } = JSON.parse(text) as Pick<PhantomTruth, 'anatomy'>;
      if (!anatomy || !(anatomySplit[split] as readonly string[]).includes(anatomy))
        throw new Error(
          `${out} holds ${patient}, made from ${anatomy ? `head ${anatomy}` : 'another head'}: write ${split} patients into a folder of their own`,
        );
    }
}

/**
 * Writes synthetic patients, a folder `<out>/<patient>/t<time point>/` each scan: the DICOM files in `series/` or the image as
 * `image.nii.gz`, with the truth beside ({@link writeTruth}), or a training case ({@link writeTrainingCase}). Training cases that
 * are already complete are left alone, so an interrupted run goes on where it stopped.
 *
 * @throws Error when the head cannot be read or the output folder not be written.
 */
export async function generatePhantoms(options: GenerateOptions): Promise<void> {
  const { progress = () => undefined, scanner = 'various', anatomies } = options;
  const headOf = anatomies ? labelHeads(anatomies) : imageHead(options.head);
  if (anatomies) await refuseOtherSplit(options.out, anatomies.split);
  // Scanners differ from patient to patient and from scan to scan, reproducibly.
  const scannerFor = (patient: PhantomPatient, time: number) => scanners[scanner](patient.seed * 100 + time);
  for (let seed = options.seed; seed < options.seed + options.patients; seed++) {
    while (options.ahead && (await patientsIn(options.out)).length >= options.ahead) await setTimeout(500);
    const source = await headOf(seed);
    const patient = createPatient(source, seed, options.timePoints ? { timePoints: options.timePoints } : {});
    const root = join(options.out, phantomName(seed));
    let previous: Acquisition | null = null;
    for (let time = 0; time < patient.days.length; time++) {
      const started = performance.now();
      const folder = join(root, `t${time}`);
      const label = `${phantomName(seed)} time point ${time + 1} of ${patient.days.length}`;
      if (options.format === 'training') {
        if (await isTrainingCaseComplete(folder)) {
          previous = null;
          progress(`${label}: already there`);
          continue;
        }
        // After a resumed gap the prior is made again: it is a function of the seed.
        if (time > 0) previous ??= acquireWith(patient, time - 1, scannerFor(patient, time - 1));
        const current = acquireWith(patient, time, scannerFor(patient, time));
        await writeTrainingCase(folder, patient, time, current, previous);
        previous = current;
      } else {
        await mkdir(folder, { recursive: true });
        const current = scannerFor(patient, time);
        const result = scan(patient, time, current);
        if (options.format === 'dicom') await writeDicomSeries(join(folder, 'series'), patient, time, current, result);
        else await writeNifti(join(folder, 'image.nii.gz'), result.image);
        await writeTruth(folder, patient, time, current, result, time > 0 ? scannerFor(patient, time - 1) : null);
      }
      progress(`${label}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
  }
}
