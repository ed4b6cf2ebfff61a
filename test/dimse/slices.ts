import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFile } from '../../src/dicom/dicom-file.js';
import { decodeFileMeta } from '../../src/dicom/part10.js';
import { SOPClass } from '../../src/dicom/uid.js';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'priora-dimse-'));

/** A small MR slice as a PS3.10 file, Explicit VR Little Endian; `size` is rows and columns. */
export function sliceFile(folder: string, number: number, size = 64): string {
  const pixels = new Uint16Array(size * size);
  pixels.forEach((_, index) => (pixels[index] = (index * 7 + number * 13) % 1021));
  const path = join(folder, `slice-${number}.dcm`);
  writeFileSync(
    path,
    writeFile({
      SpecificCharacterSet: 'ISO_IR 192',
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: `1.2.826.0.1.3680043.10.99.${number}`,
      Modality: 'MR',
      PatientName: 'Test^Patient',
      PatientID: 'P1',
      StudyInstanceUID: '1.2.826.0.1.3680043.10.1',
      SeriesInstanceUID: '1.2.826.0.1.3680043.10.2',
      InstanceNumber: number,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: size,
      Columns: size,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelData: [pixels.buffer],
      _vrMap: { PixelData: 'OW' },
    }),
  );
  return path;
}

/** Runs a DCMTK converter on a file, e.g. `dcmcrle`; the result is a file of its own. */
export function converted(path: string, command: string, ...options: string[]): string {
  const target = path.replace(/\.dcm$/, `-${command}${options.join('')}.dcm`);
  execFileSync(command, [...options, path, target]);
  return target;
}

/** What a file must arrive as: its data set's bytes and its transfer syntax. */
export function datasetOf(path: string): { dataset: Buffer; transferSyntax: string } {
  const bytes = readFileSync(path);
  const { meta, datasetOffset } = decodeFileMeta(bytes);
  return { dataset: bytes.subarray(datasetOffset), transferSyntax: meta.TransferSyntaxUID };
}
