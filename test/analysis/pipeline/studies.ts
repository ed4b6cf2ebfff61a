import { mkdtemp } from 'node:fs/promises';
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
  /** In slice order. */
  readonly paths: readonly string[];
}

/** The demonstration patient's time points, scanned coarsely (1.5 mm, 117 slices) so that a case takes seconds. */
export async function phantomStudies(count: number): Promise<PhantomStudy[]> {
  const demo = demoPatient(await loadSourceHead());
  const folder = await mkdtemp(join(tmpdir(), 'priora-studies-'));
  const studies: PhantomStudy[] = [];
  for (let time = 0; time < count; time++) {
    const scanner: ScannerSettings = { ...demo.scanners[time], shape: [150, 170, 117], spacingMm: [1.5, 1.5, 1.5] };
    const image = scan(demo.patient, time, scanner);
    const paths = await writeDicomSeries(join(folder, String(time)), demo.patient, time, scanner, image);
    const { PatientID, StudyInstanceUID, SeriesInstanceUID } = seriesIdentity(demo.patient, time, scanner);
    studies.push({ PatientID, StudyInstanceUID, SeriesInstanceUID, paths });
  }
  return studies;
}
