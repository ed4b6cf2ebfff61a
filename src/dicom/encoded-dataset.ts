import dcmjs from 'dcmjs';
import { PrioraError } from '../core/errors.js';
import type { Dataset } from './dataset.js';
import { ElementReader } from './element-reader.js';
import { elementEncoding } from './encoding.js';
import { findFileMeta } from './part10.js';
import { TransferSyntax } from './uid.js';
import { isConvertible, VRConverter } from './vr-converter.js';

const { DicomMetaDictionary, DicomDict } = dcmjs.data;
const explicitLE = TransferSyntax.ExplicitVRLittleEndian;

/**
 * The bytes of a data set as a message carries it: a query, a list of attributes, a reply. Keywords become elements with
 * their VRs of PS3.6; text is UTF-8, and said to be where it is more than ASCII.
 *
 * @param TransferSyntaxUID of Explicit or Implicit VR Little Endian.
 * @throws PrioraError DICOM_INVALID_OUTPUT for another transfer syntax.
 */
export function encodeDataset(dataset: Dataset, TransferSyntaxUID: string): Buffer {
  if (!isConvertible(explicitLE, TransferSyntaxUID))
    throw new PrioraError('DICOM_INVALID_OUTPUT', `a data set is not written in transfer syntax ${TransferSyntaxUID}`);
  const file = new DicomDict(DicomMetaDictionary.denaturalizeDataset({ TransferSyntaxUID: explicitLE }));
  const characterSet = isASCII(dataset) ? {} : { SpecificCharacterSet: 'ISO_IR 192' };
  file.dict = DicomMetaDictionary.denaturalizeDataset({ ...dataset, ...characterSet });
  const bytes = Buffer.from(file.write());
  const explicit = bytes.subarray(findFileMeta(bytes).datasetOffset);
  if (TransferSyntaxUID === explicitLE) return explicit;
  const converter = new VRConverter(true);
  return Buffer.concat([...converter.push(explicit), ...converter.end()]);
}

/**
 * The data set that a message carries. Text is decoded by SpecificCharacterSet, which then reads `ISO_IR 192`.
 *
 * @param TransferSyntaxUID of its presentation context; not a deflated one.
 * @throws PrioraError DICOM_UNREADABLE
 */
export function decodeDataset(bytes: Buffer, TransferSyntaxUID: string): Dataset {
  try {
    return new ElementReader(bytes, elementEncoding(TransferSyntaxUID)).read(0);
  } catch (cause) {
    throw new PrioraError('DICOM_UNREADABLE', `not a readable data set: ${(cause as Error).message}`, { cause });
  }
}

/** Whether all text in a value is ASCII; bytes are no text. */
function isASCII(value: unknown): boolean {
  if (typeof value === 'string') return /^[\x20-\x7e\s]*$/.test(value);
  if (Array.isArray(value)) return value.every(isASCII);
  if (typeof value !== 'object' || value === null || value instanceof ArrayBuffer) return true;
  return Object.values(value).every(isASCII);
}
