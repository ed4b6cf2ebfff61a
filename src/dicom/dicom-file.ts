import { open, readFile } from 'node:fs/promises';
import dcmjs from 'dcmjs';
import { inflateRawSync } from 'node:zlib';
import { PrioraError } from '../core/errors.js';
import type { Dataset } from './dataset.js';
import { ElementReader, type PixelDataLocation } from './element-reader.js';
import { elementEncoding } from './encoding.js';
import { findFileMeta, type FoundFileMeta } from './part10.js';
import { implementationClassUID, implementationVersionName, TransferSyntax } from './uid.js';

const { DicomMetaDictionary, DicomDict } = dcmjs.data;

export interface ParsedFile {
  /** File meta information (PS3.10 7.1). */
  readonly meta: FoundFileMeta;
  readonly dataset: Dataset;
  /** Top-level Pixel Data, as bytes not yet looked at; absent if the data set has none. */
  readonly pixelData?: PixelDataElement;
}

/** Pixel Data (7FE0,0010) as it lies in the file. */
export interface PixelDataElement extends Pick<PixelDataLocation, 'length' | 'vr'> {
  /** From the first value byte to the end of the data set. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a PS3.10 file up to and including Pixel Data. Tolerant: what is encoded against the standard is passed over,
 * not repaired. Text is decoded by SpecificCharacterSet, which then reads `ISO_IR 192`.
 *
 * @param options.stopAtPixelData leaves `PixelData` out of the data set; `pixelData` says where it is. Without it,
 *   `PixelData` is a list of the value's ArrayBuffer if native; encapsulated pixels are only in `pixelData`.
 * @throws PrioraError DICOM_UNREADABLE
 */
export function parseFile(bytes: Uint8Array, options: { stopAtPixelData?: boolean } = {}): ParsedFile {
  try {
    const { meta, body, start } = bodyOf(bytes);
    const reader = new ElementReader(body, elementEncoding(meta.TransferSyntaxUID));
    const dataset = reader.read(start);
    const location = reader.pixelData;
    if (location && location.length !== undefined && !options.stopAtPixelData) {
      const end = location.start + location.length;
      if (end > body.length) throw new Error('Pixel Data end early');
      dataset['PixelData'] = [new Uint8Array(body.subarray(location.start, end)).buffer];
    }
    const pixelData = location && { ...location, bytes: body.subarray(location.start) };
    return { meta, dataset, ...(pixelData && { pixelData }) };
  } catch (cause) {
    if (cause instanceof PrioraError) throw cause;
    throw new PrioraError('DICOM_UNREADABLE', `not a readable DICOM file: ${(cause as Error).message}`, { cause });
  }
}

/** The largest data set that a deflated file may unfold to: a defence against bombs, far above any MR series. */
const maxInflatedBytes = 2 ** 30;

/** File meta information, and the bytes and offset at which the data set starts (inflated if the syntax says so). */
function bodyOf(bytes: Uint8Array): { meta: FoundFileMeta; body: Uint8Array; start: number } {
  const { meta, datasetOffset } = findFileMeta(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (meta.TransferSyntaxUID !== TransferSyntax.DeflatedExplicitVRLittleEndian)
    return { meta, body: bytes, start: datasetOffset };
  const body = inflateRawSync(bytes.subarray(datasetOffset), { maxOutputLength: maxInflatedBytes });
  return { meta, body, start: 0 };
}

/** {@link parseFile} from disk. */
export async function readDicomFile(path: string, options: { stopAtPixelData?: boolean } = {}): Promise<ParsedFile> {
  return parseFile(await readFile(path), options);
}

/** Bytes read first from each file: most headers end within them. */
const headBytes = 131_072;

/**
 * The data set of a file without its pixels. Only a header that has reached Pixel Data is known to be whole: until then
 * more of the file is read, to its end if need be.
 *
 * @throws PrioraError DICOM_UNREADABLE
 */
export async function readDicomHead(path: string): Promise<ParsedFile> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for (let length = headBytes; length < size; length *= 8) {
      const head = Buffer.alloc(length);
      const { bytesRead } = await file.read(head, 0, length, 0);
      try {
        const parsed = parseFile(head.subarray(0, bytesRead), { stopAtPixelData: true });
        if (parsed.pixelData) return parsed;
      } catch (error) {
        if (!(error instanceof PrioraError)) throw error;
      }
    }
  } finally {
    await file.close();
  }
  return readDicomFile(path, { stopAtPixelData: true });
}

/**
 * Writes a PS3.10 file in Explicit VR Little Endian. Text is UTF-8, so SpecificCharacterSet must be `ISO_IR 192`; DS
 * values must be formatted before (dcmjs cuts what is longer than 16 characters).
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
