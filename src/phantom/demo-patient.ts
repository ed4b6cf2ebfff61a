import { lesionTruth, scan, type PhantomLesion, type PhantomScan } from './scan.js';
import { createPatient, type LesionScript, type PhantomPatient } from './patient.js';
import { demoScanner, type ScannerSettings } from './scanner.js';
import type { SourceHead } from './source-head.js';

/**
 * The demonstration's story: a baseline and two follow-ups with one growing, one stable and one shrinking metastasis, one
 * that is new at each follow-up, one that vanishes, and three small ones. Diameters of spheres of the same volume.
 */
const demoLesions: readonly LesionScript[] = [
  { diametersMm: [8, 10, 12.6], kind: 'solid', signal: 1.7 },
  { diametersMm: [11, 11, 11], kind: 'ring', signal: 1.75 },
  { diametersMm: [13.5, 10.4, 7.6], kind: 'lobulated', signal: 1.65 },
  { diametersMm: [0, 7, 7], kind: 'solid', signal: 1.7 },
  { diametersMm: [0, 0, 8], kind: 'solid', signal: 1.7 },
  { diametersMm: [7.2, 0, 0], kind: 'solid', signal: 1.6 },
  { diametersMm: [4.2, 4.2, 4.2], kind: 'solid', signal: 1.6 },
  { diametersMm: [3, 3.6, 4.4], kind: 'solid', signal: 1.65 },
  { diametersMm: [0, 2.6, 2.6], kind: 'solid', signal: 1.6 },
];

export interface DemoPatient {
  readonly patient: PhantomPatient;
  /** One scanner setting a time point: the same protocol, the patient lying differently. */
  readonly scanners: readonly ScannerSettings[];
  /** The truth a time point: every lesion with its volume and its change against the time point before. */
  readonly changes: readonly (readonly PhantomLesion[])[];
  readonly scanTimePoint: (time: number) => PhantomScan;
}

/** The scripted patient of the demonstration and of end-to-end tests; the same for the same head and seed. */
export function demoPatient(source: SourceHead, seed = 7): DemoPatient {
  const patient = createPatient(source, seed, { lesions: demoLesions });
  const scanners = patient.days.map((_, time) => demoScanner(100 * seed + time));
  return {
    patient,
    scanners,
    changes: patient.days.map((_, time) => lesionTruth(patient, time)),
    scanTimePoint: (time) => scan(patient, time, scanners[time]),
  };
}
