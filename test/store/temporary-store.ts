import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import type { SeriesRow, SeriesState } from '../../src/store/store.js';
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

/** Writes a slice's file below `dataDir` and notes it in the index. */
export function addInstance(
  store: Store,
  dataDir: string,
  { SeriesInstanceUID, InstanceNumber, bytes }: { SeriesInstanceUID: string; InstanceNumber: number; bytes: Buffer },
): void {
  const SOPInstanceUID = `${SeriesInstanceUID}.${InstanceNumber}`;
  const path = `${SOPInstanceUID}.dcm`;
  writeFileSync(join(dataDir, path), bytes);
  store.instances.insert({
    SOPInstanceUID,
    SeriesInstanceUID,
    SOPClassUID: SOPClass.MRImageStorage,
    TransferSyntaxUID: TransferSyntax.ExplicitVRLittleEndian,
    path,
    bytes: bytes.length,
    sha256: Buffer.alloc(32),
    receivedAt: 1,
    InstanceNumber,
    orientation: null,
    normalPositionMm: InstanceNumber,
    sliceThicknessMm: null,
    NumberOfFrames: 1,
    ImagesInAcquisition: null,
    NumberOfSeriesRelatedInstances: null,
  });
}
