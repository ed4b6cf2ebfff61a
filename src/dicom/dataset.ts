import { readFile } from 'node:fs/promises';
import dcmjs from 'dcmjs';
import { PrioraError } from '../core/errors.js';
import { implementationClassUID, implementationVersionName, TransferSyntax } from './uid.js';

const { DicomMessage, DicomMetaDictionary, DicomDict } = dcmjs.data;

/**
 * A naturalised data set: keyword → value. Single values are unwrapped, multiple values are arrays, sequences are arrays
 * of data sets. Data elements keep their DICOM keyword everywhere in this code base.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- values are checked where they are used
export type Dataset = Record<string, any>;

export interface ParsedFile {
  /** File meta information (PS3.10 7.1), e.g. `TransferSyntaxUID`. */
  readonly meta: Dataset;
  readonly dataset: Dataset;
}

/**
 * Reads a PS3.10 file. Tolerant: unknown and private elements are kept out of the way, not repaired.
 *
 * @param options.stopAtPixelData leave everything from (7FE0,0010) on unread.
 * @throws PrioraError DICOM_UNREADABLE
 */
export function parseFile(bytes: Uint8Array, options: { stopAtPixelData?: boolean } = {}): ParsedFile {
  try {
    // dcmjs wants an ArrayBuffer of its own: small Node buffers share a pool.
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const file = DicomMessage.readFile(buffer, {
      ignoreErrors: false,
      ...(options.stopAtPixelData ? { untilTag: '7FE00010', includeUntilTagValue: false } : {}),
    });
    return {
      meta: DicomMetaDictionary.naturalizeDataset(file.meta),
      dataset: DicomMetaDictionary.naturalizeDataset(file.dict),
    };
  } catch (cause) {
    throw new PrioraError('DICOM_UNREADABLE', `not a readable DICOM file: ${(cause as Error).message}`, { cause });
  }
}

/** {@link parseFile} from disk. */
export async function readDicomFile(path: string, options: { stopAtPixelData?: boolean } = {}): Promise<ParsedFile> {
  return parseFile(await readFile(path), options);
}

/**
 * Writes a PS3.10 file in Explicit VR Little Endian. Text is UTF-8, so SpecificCharacterSet must be `ISO_IR 192`; DS values
 * must be formatted before (dcmjs cuts what is longer than 16 characters).
 */
export function writeFile(dataset: Dataset): Buffer {
  const meta = {
    MediaStorageSOPClassUID: dataset['SOPClassUID'],
    MediaStorageSOPInstanceUID: dataset['SOPInstanceUID'],
    TransferSyntaxUID: TransferSyntax.ExplicitVRLittleEndian,
    ImplementationClassUID: implementationClassUID,
    ImplementationVersionName: implementationVersionName,
    FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
  };
  const dict = new DicomDict(
    DicomMetaDictionary.denaturalizeDataset({ ...meta, _vrMap: { FileMetaInformationVersion: 'OB' } }),
  );
  dict.dict = DicomMetaDictionary.denaturalizeDataset(dataset);
  return Buffer.from(dict.write());
}
