import { open } from 'node:fs/promises';
import { PrioraError } from '../core/errors.js';
import { hasLongLength } from './encoding.js';
import { withoutTrailingPadding } from './padding.js';
import { implementationClassUID, implementationVersionName } from './uid.js';

/** The file meta information that this code reads and writes (PS3.10 7.1). */
export interface FileMeta {
  readonly MediaStorageSOPClassUID: string;
  readonly MediaStorageSOPInstanceUID: string;
  readonly TransferSyntaxUID: string;
  readonly ImplementationClassUID?: string;
  readonly ImplementationVersionName?: string;
  readonly SourceApplicationEntityTitle?: string;
}

const preambleLength = 128;
/** The largest group 0002 worth reading; a real one has a few hundred bytes. */
const maxMetaLength = 65_536;
const keywords: Readonly<Record<number, keyof FileMeta>> = {
  0x0002: 'MediaStorageSOPClassUID',
  0x0003: 'MediaStorageSOPInstanceUID',
  0x0010: 'TransferSyntaxUID',
  0x0012: 'ImplementationClassUID',
  0x0013: 'ImplementationVersionName',
  0x0016: 'SourceApplicationEntityTitle',
};

function shortElement(element: number, vr: 'UI' | 'SH' | 'AE', value: string): Buffer {
  const length = value.length + (value.length % 2);
  const bytes = Buffer.alloc(8 + length, vr === 'UI' ? 0 : 0x20);
  bytes.writeUInt16LE(0x0002, 0);
  bytes.writeUInt16LE(element, 2);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt16LE(length, 6);
  bytes.write(value, 8, 'latin1');
  return bytes;
}

/**
 * Preamble, `DICM` and group 0002 for a data set that is stored exactly as received: the file is these bytes followed
 * by those of the data set. The same input gives the same bytes.
 *
 * @see PS3.10 7.1
 */
export function encodeFileMeta(meta: FileMeta): Buffer {
  const version = Buffer.from([0x02, 0, 0x01, 0, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0, 1]);
  const group = Buffer.concat([
    version,
    shortElement(0x0002, 'UI', meta.MediaStorageSOPClassUID),
    shortElement(0x0003, 'UI', meta.MediaStorageSOPInstanceUID),
    shortElement(0x0010, 'UI', meta.TransferSyntaxUID),
    shortElement(0x0012, 'UI', meta.ImplementationClassUID ?? implementationClassUID),
    shortElement(0x0013, 'SH', meta.ImplementationVersionName ?? implementationVersionName),
    ...(meta.SourceApplicationEntityTitle ? [shortElement(0x0016, 'AE', meta.SourceApplicationEntityTitle)] : []),
  ]);
  const head = Buffer.alloc(preambleLength + 4 + 12);
  head.write('DICM', preambleLength, 'latin1');
  head.set([0x02, 0, 0, 0, 0x55, 0x4c, 4, 0], preambleLength + 4);
  head.writeUInt32LE(group.length, preambleLength + 12);
  return Buffer.concat([head, group]);
}

/** What a file's meta information says at least; some writers leave the rest out. */
export type FoundFileMeta = Partial<FileMeta> & Pick<FileMeta, 'TransferSyntaxUID'>;

/**
 * Reads group 0002 from the first bytes of a file, which may lack all but its TransferSyntaxUID.
 *
 * @returns the meta information and the offset of the data set's first byte. FileMetaInformationGroupLength is believed
 *   where it ends between two elements behind the TransferSyntaxUID, so that elements of group 0002 inside the data set
 *   change nothing; where it is missing or wrong, the data set starts behind group 0002.
 * @throws PrioraError DICOM_UNREADABLE if there is no `DICM`, or group 0002 is truncated or names no transfer syntax.
 */
export function findFileMeta(bytes: Buffer): { meta: FoundFileMeta; datasetOffset: number } {
  const unreadable = (what: string) => new PrioraError('DICOM_UNREADABLE', `not a readable DICOM file: ${what}`);
  if (bytes.length < preambleLength + 4 || bytes.toString('latin1', preambleLength, preambleLength + 4) !== 'DICM') {
    throw unreadable('the DICM prefix is missing');
  }
  const found: { -readonly [Keyword in keyof FileMeta]?: string } = {};
  let offset = preambleLength + 4;
  let declaredEnd = -1;
  while (offset + 8 <= bytes.length && bytes.readUInt16LE(offset) === 0x0002) {
    if (offset === declaredEnd && found.TransferSyntaxUID) break;
    const element = bytes.readUInt16LE(offset + 2);
    const long = hasLongLength(bytes.toString('latin1', offset + 4, offset + 6));
    if (long && offset + 12 > bytes.length) throw unreadable('the file meta information is cut');
    const length = long ? bytes.readUInt32LE(offset + 8) : bytes.readUInt16LE(offset + 6);
    const start = offset + (long ? 12 : 8);
    if (start + length > bytes.length) throw unreadable('the file meta information is cut');
    if (element === 0x0000 && length === 4) declaredEnd = start + length + bytes.readUInt32LE(start);
    const keyword = keywords[element];
    if (keyword) found[keyword] = withoutTrailingPadding(bytes.toString('latin1', start, start + length));
    offset = start + length;
  }
  const { TransferSyntaxUID } = found;
  if (!TransferSyntaxUID) throw unreadable('the transfer syntax is missing');
  return { meta: { ...found, TransferSyntaxUID }, datasetOffset: offset };
}

/**
 * {@link findFileMeta} for a file that is to be sent or received: it must name its instance.
 *
 * @throws PrioraError DICOM_UNREADABLE as above, and if a UID is missing.
 */
export function decodeFileMeta(bytes: Buffer): { meta: FileMeta; datasetOffset: number } {
  const { meta, datasetOffset } = findFileMeta(bytes);
  const { MediaStorageSOPClassUID, MediaStorageSOPInstanceUID } = meta;
  if (!MediaStorageSOPClassUID || !MediaStorageSOPInstanceUID)
    throw new PrioraError('DICOM_UNREADABLE', 'not a readable DICOM file: the file meta information lacks a UID');
  return { meta: { ...meta, MediaStorageSOPClassUID, MediaStorageSOPInstanceUID }, datasetOffset };
}

/**
 * {@link decodeFileMeta} from disk, reading only the beginning of the file.
 *
 * @throws PrioraError DICOM_UNREADABLE; file system errors as they are.
 */
export async function readFileMeta(
  path: string,
): Promise<{ meta: FileMeta; datasetOffset: number; fileLength: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, maxMetaLength));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return { ...decodeFileMeta(head.subarray(0, bytesRead)), fileLength: size };
  } finally {
    await file.close();
  }
}
