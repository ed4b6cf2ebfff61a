import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import type { Dataset } from '../dicom/dataset.js';
import { writeFile as encodeDicom } from '../dicom/dicom-file.js';
import { derivedUID, SOPClass } from '../dicom/uid.js';
import { spacingMm } from '../imaging/volume.js';
import { phantomName, type PhantomPatient } from './patient.js';
import { Random } from './random.js';
import type { PhantomScan } from './scan.js';
import type { ScannerSettings } from './scanner.js';

/** First scans are made in these days; later ones follow the patient's own rhythm. */
const epoch = DateTime.fromISO('2024-01-08T08:00:00', { zone: 'utc' });

/** A DS value: at most 16 characters (PS3.5 6.2). */
function decimalString(value: number): string {
  const rounded = Math.abs(value) < 1e-10 ? 0 : value;
  for (let digits = 12; digits > 0; digits--) {
    const text = String(Number(rounded.toPrecision(digits)));
    if (text.length <= 16 && !text.includes('e')) return text;
  }
  return rounded.toFixed(6).slice(0, 16);
}

/** What all images of a series share, beside its geometry. */
export interface SeriesIdentity {
  readonly PatientID: string;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly FrameOfReferenceUID: string;
}

/** The identifiers a phantom's time point gets: functions of seed, time point and scanner alone. */
export function seriesIdentity(patient: PhantomPatient, time: number, scanner: ScannerSettings): SeriesIdentity {
  const part = (name: string) =>
    derivedUID(
      'phantom',
      name,
      String(patient.seed),
      String(time),
      JSON.stringify(scanner),
      String(patient.days.length),
    );
  return {
    PatientID: phantomName(patient.seed),
    StudyInstanceUID: part('study'),
    SeriesInstanceUID: part('series'),
    FrameOfReferenceUID: part('frame of reference'),
  };
}

/**
 * One time point as the MR images a scanner would send (MR Image Storage), lowest slice index first.
 *
 * @see PS3.3 A.4.3 (MR Image IOD), C.8.3.1
 */
export function dicomSlices(
  patient: PhantomPatient,
  time: number,
  scanner: ScannerSettings,
  { image }: PhantomScan,
): Dataset[] {
  const identity = seriesIdentity(patient, time, scanner);
  const random = new Random(`phantom demographics ${patient.seed}`);
  const sex = random.pick(['F', 'M']);
  const age = 38 + random.integer(40);
  const weight = 52 + random.integer(45);
  const start = epoch.plus({ days: (patient.seed % 300) + patient.days[time], minutes: 15 * random.integer(24) });
  const date = (at: DateTime) => at.toFormat('yyyyLLdd');
  const clock = (at: DateTime) => at.toFormat('HHmmss.SSS');
  const acquired = start.plus({ minutes: 14 });
  const [columns, rows, slices] = image.shape;
  const [columnSpacing, rowSpacing, sliceSpacing] = spacingMm(image);
  const m = image.patientFromVoxel;
  const direction = (axis: number, spacing: number) => [
    m[axis] / spacing,
    m[axis + 4] / spacing,
    m[axis + 8] / spacing,
  ];
  const orientation = [...direction(0, columnSpacing), ...direction(1, rowSpacing)].map(decimalString);
  const middle = Math.round(scanner.gain);
  const plane = scanner.orientation === 'axial' ? 'tra' : 'sag';

  return Array.from({ length: slices }, (_, slice): Dataset => {
    const pixels = new Uint16Array(image.voxels.subarray(slice * columns * rows, (slice + 1) * columns * rows));
    const position = [0, 1, 2].map((row) => decimalString(m[4 * row + 2] * slice + m[4 * row + 3]));
    return {
      SpecificCharacterSet: 'ISO_IR 192',
      ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'NORM'],
      InstanceCreationDate: date(acquired),
      InstanceCreationTime: clock(acquired.plus({ minutes: 6 })),
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: derivedUID('phantom', 'image', identity.SeriesInstanceUID, String(slice)),
      StudyDate: date(start),
      SeriesDate: date(acquired),
      AcquisitionDate: date(acquired),
      ContentDate: date(acquired),
      StudyTime: clock(start),
      SeriesTime: clock(acquired),
      AcquisitionTime: clock(acquired),
      ContentTime: clock(acquired.plus({ minutes: 6 })),
      AccessionNumber: `P${patient.seed}T${time}`,
      Modality: 'MR',
      Manufacturer: 'Priora phantom',
      InstitutionName: 'Synthetic data',
      ReferringPhysicianName: '',
      StudyDescription: 'MRI head with contrast (synthetic)',
      SeriesDescription: `t1_mprage_${plane}_p2_iso_KM`,
      ManufacturerModelName: 'Digital head phantom',
      PatientName: `Phantom^${patient.seed}`,
      PatientID: identity.PatientID,
      IssuerOfPatientID: 'PRIORA-PHANTOM',
      PatientBirthDate: date(epoch.minus({ years: age, days: patient.seed % 350 })),
      PatientSex: sex,
      PatientAge: `${String(age).padStart(3, '0')}Y`,
      PatientWeight: decimalString(weight),
      PatientIdentityRemoved: 'YES',
      DeidentificationMethod: 'Synthetic: no person behind these images',
      ContrastBolusAgent: 'Gadobutrol',
      ContrastBolusRoute: 'IV',
      ContrastBolusVolume: decimalString(weight / 10),
      BodyPartExamined: 'HEAD',
      ScanningSequence: ['GR', 'IR'],
      SequenceVariant: ['SK', 'SP', 'MP'],
      ScanOptions: 'PFP',
      MRAcquisitionType: '3D',
      SequenceName: '*tfl3d1_16ns',
      AngioFlag: 'N',
      SliceThickness: decimalString(sliceSpacing),
      RepetitionTime: '2300',
      EchoTime: '2.98',
      InversionTime: '900',
      NumberOfAverages: '1',
      ImagingFrequency: '123.2',
      ImagedNucleus: '1H',
      EchoNumbers: '1',
      MagneticFieldStrength: '3',
      SpacingBetweenSlices: decimalString(sliceSpacing),
      EchoTrainLength: '1',
      PercentSampling: '100',
      PercentPhaseFieldOfView: '100',
      PixelBandwidth: '240',
      SoftwareVersions: 'phantom 1',
      ProtocolName: `t1_mprage_${plane}_p2_iso_KM`,
      InPlanePhaseEncodingDirection: 'COL',
      FlipAngle: '9',
      PatientPosition: 'HFS',
      StudyInstanceUID: identity.StudyInstanceUID,
      SeriesInstanceUID: identity.SeriesInstanceUID,
      StudyID: `T${time}`,
      SeriesNumber: '7',
      AcquisitionNumber: '1',
      InstanceNumber: String(slice + 1),
      ImagePositionPatient: position,
      ImageOrientationPatient: orientation,
      FrameOfReferenceUID: identity.FrameOfReferenceUID,
      PositionReferenceIndicator: '',
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: rows,
      Columns: columns,
      PixelSpacing: [decimalString(rowSpacing), decimalString(columnSpacing)],
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      SmallestImagePixelValue: pixels.reduce((least, value) => Math.min(least, value), 4095),
      LargestImagePixelValue: pixels.reduce((most, value) => Math.max(most, value), 0),
      WindowCenter: decimalString(middle * 0.8),
      WindowWidth: decimalString(middle * 1.6),
      RescaleIntercept: '0',
      RescaleSlope: '1',
      RescaleType: 'US',
      PixelData: pixels.buffer,
      _vrMap: { PixelData: 'OW', SmallestImagePixelValue: 'US', LargestImagePixelValue: 'US' },
    };
  });
}

/**
 * Writes a time point's series as `<folder>/0001.dcm` and on.
 *
 * @returns the files' paths in slice order.
 */
export async function writeDicomSeries(
  folder: string,
  patient: PhantomPatient,
  time: number,
  scanner: ScannerSettings,
  result: PhantomScan,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [index, dataset] of dicomSlices(patient, time, scanner, result).entries()) {
    const path = join(folder, `${String(index + 1).padStart(4, '0')}.dcm`);
    await writeFile(path, encodeDicom(dataset));
    paths.push(path);
  }
  return paths;
}
