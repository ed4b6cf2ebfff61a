import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeriesRow, SeriesState } from '../../src/store/rows.js';
import { openStore, type Store } from '../../src/store/store.js';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'priora-store-'));

/** A store in a folder of its own. */
export function temporaryStore(): Store & { path: string } {
  const path = join(temporaryFolder(), 'priora.sqlite');
  return Object.assign(openStore(path), { path });
}

export const day = 86_400_000;

/** Adds one series with its study and patient; study `1.2.7` has series `1.2.7.1`. */
export function addSeries(
  store: Store,
  given: {
    study: string;
    PatientID?: string;
    acquiredAt?: number | null;
    state?: SeriesState;
    SeriesInstanceUID?: string;
  },
): SeriesRow {
  const { study: StudyInstanceUID, PatientID = 'P1', acquiredAt = 100 * day, state = 'assembled' } = given;
  const SeriesInstanceUID = given.SeriesInstanceUID ?? `${StudyInstanceUID}.1`;
  const { patientKey } = store.patients.remember({
    IssuerOfPatientID: 'A',
    PatientID,
    PatientName: '',
    PatientBirthDate: '',
    PatientSex: '',
  });
  store.studies.remember({ StudyInstanceUID, patientKey, receivedAt: 1 });
  store.series.noteInstance({
    SeriesInstanceUID,
    StudyInstanceUID,
    Modality: 'MR',
    SeriesDescription: 't1 mprage gd',
    acquiredAt,
    acquiredAtSource: acquiredAt === null ? null : 'AcquisitionDateTime',
    callingAETitle: 'MR1',
    origin: 'received',
    receivedAt: 1,
  });
  store.series.setState(SeriesInstanceUID, state);
  return store.series.find(SeriesInstanceUID)!;
}
