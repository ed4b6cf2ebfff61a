import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoPatient } from '../../../src/phantom/demo-patient.js';
import { seriesIdentity, writeDicomSeries } from '../../../src/phantom/dicom-series.js';
import { loadSourceHead } from '../../../src/phantom/source-head.js';
import { scan } from '../../../src/phantom/scan.js';
import type { ScannerSettings } from '../../../src/phantom/scanner.js';

export interface PhantomStudy {
  readonly PatientID: string;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  /** In slice order. Other tests read the same files: they are not changed. */
  readonly paths: readonly string[];
}

/** The temporary folder is the run's, so that its tests share what lies here. */
const shared = join(tmpdir(), 'phantom-studies');

/**
 * The demonstration patient's baseline and first follow-up, scanned coarsely (1.5 mm, 117 slices) so that a case takes
 * seconds. Made once a test run.
 */
export async function phantomStudies(): Promise<[PhantomStudy, PhantomStudy]> {
  if (!existsSync(shared)) await makeStudies();
  const studies = JSON.parse(readFileSync(join(shared, 'studies.json'), 'utf8')) as PhantomStudy[];
  const [baseline, followUp] = studies.map((study) => ({
    ...study,
    paths: study.paths.map((path) => join(shared, path)),
  }));
  return [baseline, followUp];
}

async function makeStudies(): Promise<void> {
  const folder = mkdtempSync(`${shared}-`);
  const demo = demoPatient(await loadSourceHead());
  const studies: PhantomStudy[] = [];
  for (const time of [0, 1]) {
    const scanner: ScannerSettings = { ...demo.scanners[time], shape: [150, 170, 117], spacingMm: [1.5, 1.5, 1.5] };
    const image = scan(demo.patient, time, scanner);
    const paths = await writeDicomSeries(join(folder, String(time)), demo.patient, time, scanner, image);
    const { PatientID, StudyInstanceUID, SeriesInstanceUID } = seriesIdentity(demo.patient, time, scanner);
    const inFolder = paths.map((path) => path.slice(folder.length + 1));
    studies.push({ PatientID, StudyInstanceUID, SeriesInstanceUID, paths: inFolder });
  }
  writeFileSync(join(folder, 'studies.json'), JSON.stringify(studies));
  try {
    renameSync(folder, shared);
  } catch (error) {
    // Another test file was first; its files are the same.
    if (!existsSync(shared)) throw error;
  }
}
