import { open, readFile } from 'node:fs/promises';
import dcmjs from 'dcmjs';
import { inflateRawSync } from 'node:zlib';
import { PrioraError } from '../core/errors.js';
import { ElementReader } from './element-reader.js';
import { implementationClassUID, implementationVersionName, TransferSyntax } from './uid.js';

const { DicomMetaDictionary, DicomDict } = dcmjs.data;

/**
 * A naturalised data set: keyword → value. Single values are unwrapped, multiple values are arrays, sequences are
 * arrays of data sets. Data elements keep their DICOM keyword everywhere in this code base.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- values are checked where they are used
export type Dataset = Record<string, any>;

export interface ParsedFile {
  /** File meta information (PS3.10 7.1), e.g. `TransferSyntaxUID`. */
  readonly meta: Dataset;
  readonly dataset: Dataset;
  /** Top-level Pixel Data, as bytes not yet interpreted; absent if the data set has none. */
  readonly pixelData?: PixelDataElement;
}

/** Pixel Data (7FE0,0010) as it lies in the file. */
export interface PixelDataElement {
  /** From the first value byte to the end of the data set. */
  readonly bytes: Uint8Array;
  /** Length of the value in bytes; undefined when encapsulated (PS3.5 A.4). */
  readonly length: number | undefined;
}

/**
 * Reads a PS3.10 file up to and including Pixel Data. Tolerant: unknown and private elements are set aside, not
 * repaired. Text is decoded by SpecificCharacterSet, which then reads `ISO_IR 192`.
 *
 * @param options.stopAtPixelData leaves `PixelData` out of the data set; `pixelData` says where it is. Otherwise
 *   `PixelData` is the ArrayBuffer of the value if native; encapsulated pixels are only in `pixelData`.
 * @throws PrioraError DICOM_UNREADABLE
 */
export function parseFile(bytes: Uint8Array, options: { stopAtPixelData?: boolean } = {}): ParsedFile {
  try {
    const { meta, body, start } = readMeta(bytes);
    const TransferSyntaxUID = meta['TransferSyntaxUID'] as unknown;
    const reader = new ElementReader(body, {
      explicit: TransferSyntaxUID !== TransferSyntax.ImplicitVRLittleEndian,
      littleEndian: TransferSyntaxUID !== TransferSyntax.ExplicitVRBigEndian,
    });
    const { elements } = reader.read(start);
    const location = reader.pixelData;
    if (location && location.length !== undefined && !options.stopAtPixelData) {
      const end = location.start + location.length;
      if (end > body.length) throw new Error('Pixel Data end early');
      elements['7FE00010'] = { vr: 'OW', Value: [new Uint8Array(body.subarray(location.start, end)).buffer] };
    }
    return {
      meta,
      dataset: DicomMetaDictionary.naturalizeDataset(elements),
      ...(location && { pixelData: { bytes: body.subarray(location.start), length: location.length } }),
    };
  } catch (cause) {
    throw new PrioraError('DICOM_UNREADABLE', `not a readable DICOM file: ${(cause as Error).message}`, { cause });
  }
}

/** The largest data set that a deflated file may inflate to: a defence against bombs, far above any MR series. */
const maxInflatedBytes = 2 ** 30;

/** File meta information, and the bytes and offset at which the data set starts (inflated if the syntax says so). */
function readMeta(bytes: Uint8Array): { meta: Dataset; body: Uint8Array; start: number } {
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', 128, 132) !== 'DICM')
    throw new Error('the DICM prefix is missing');
  // The group length may be absent or wrong; the group number is not (PS3.10 7.1).
  const { elements, end } = new ElementReader(bytes, { explicit: true, littleEndian: true }).read(132, {
    lastGroup: 0x0002,
  });
  const meta: Dataset = DicomMetaDictionary.naturalizeDataset(elements);
  if (typeof meta['TransferSyntaxUID'] !== 'string') throw new Error('the transfer syntax is missing');
  if (meta['TransferSyntaxUID'] !== TransferSyntax.DeflatedExplicitVRLittleEndian)
    return { meta, body: bytes, start: end };
  return { meta, body: inflateRawSync(bytes.subarray(end), { maxOutputLength: maxInflatedBytes }), start: 0 };
}

/** {@link parseFile} from disk. */
export async function readDicomFile(path: string, options: { stopAtPixelData?: boolean } = {}): Promise<ParsedFile> {
  return parseFile(await readFile(path), options);
}

/** Bytes read first from each file: most headers end within them; files whose header does not are read whole. */
const headBytes = 131_072;

/**
 * The data set of a file without its pixels, read from the beginning of the file alone if that suffices.
 *
 * @throws PrioraError DICOM_UNREADABLE
 */
export async function readDicomHead(path: string): Promise<Pick<ParsedFile, 'meta' | 'dataset'>> {
  const file = await open(path);
  const head = Buffer.alloc(headBytes);
  const { bytesRead } = await file.read(head, 0, headBytes, 0).finally(() => file.close());
  try {
    return parseFile(head.subarray(0, bytesRead), { stopAtPixelData: true });
  } catch (error) {
    if (bytesRead < headBytes) throw error;
    return parseFile(await readFile(path), { stopAtPixelData: true });
  }
}

/**
 * Writes a PS3.10 file in Explicit VR Little Endian. Text is UTF-8, so SpecificCharacterSet must be `ISO_IR 192`. DS
 * values must already be formatted (dcmjs truncates anything longer than 16 characters).
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
