import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeNifti } from '../volume/nifti.js';
import { writeDicomSeries } from './dicom-series.js';
import { createPatient, type PhantomPatient } from './patient.js';
import { scan } from './scan.js';
import { scanners, type ScannerName } from './scanner.js';
import { loadSourceHead } from './source-head.js';
import {
  acquireWith,
  isTrainingCaseComplete,
  patientName,
  writeTrainingCase,
  type Acquisition,
} from './training-case.js';

export const phantomFormats = ['dicom', 'training', 'nifti'] as const;
export type PhantomFormat = (typeof phantomFormats)[number];

export interface GenerateOptions {
  /** First patient's seed; the others follow one by one. */
  readonly seed: number;
  readonly patients: number;
  /** Scans a patient; three or four by chance when left out. */
  readonly timePoints?: number;
  readonly format: PhantomFormat;
  readonly out: string;
  /** Folder with `head.nii.gz` and `brain-mask.nii.gz`; Colin27 when left out. */
  readonly head?: string;
  /** What they are scanned with; `various` when left out. */
  readonly scanner?: ScannerName;
  /** Called with one line a time point. */
  readonly progress?: (line: string) => void;
}

/**
 * Writes synthetic patients. Training cases that are already complete are left alone, so an interrupted run goes on where
 * it stopped.
 *
 * @throws Error when the head cannot be read or the output folder not be written.
 */
export async function generatePhantoms(options: GenerateOptions): Promise<void> {
  const source = await loadSourceHead(options.head);
  const { progress = () => undefined, scanner = 'various' } = options;
  // Scanners differ from patient to patient and from scan to scan, reproducibly.
  const scannerFor = (patient: PhantomPatient, time: number) => scanners[scanner](patient.seed * 100 + time);
  for (let seed = options.seed; seed < options.seed + options.patients; seed++) {
    const patient = createPatient(source, seed, options.timePoints ? { timePoints: options.timePoints } : {});
    const root = join(options.out, patientName(seed));
    let previous: Acquisition | null = null;
    for (let time = 0; time < patient.days.length; time++) {
      const started = performance.now();
      const folder = join(root, `t${time}`);
      const label = `${patientName(seed)} time point ${time + 1} of ${patient.days.length}`;
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
        const result = scan(patient, time, scannerFor(patient, time));
        if (options.format === 'dicom')
          await writeDicomSeries(folder, patient, time, scannerFor(patient, time), result);
        else {
          await mkdir(folder, { recursive: true });
          await writeFile(join(folder, 'image.nii'), encodeNifti(result.image));
          await writeFile(join(folder, 'label.nii'), encodeNifti(result.labels));
          await writeFile(join(folder, 'mask.nii'), encodeNifti(result.brainMask));
        }
        const { lesions, patientFromTemplate } = result;
        await writeFile(
          join(folder, 'truth.json'),
          `${JSON.stringify({ seed, timePoint: time, day: patient.days[time], patientFromTemplate, lesions, scanner: scannerFor(patient, time) }, null, 2)}\n`,
        );
      }
      progress(`${label}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
  }
}
