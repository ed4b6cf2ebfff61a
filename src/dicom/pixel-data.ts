import { PrioraError } from '../core/errors.js';
import type { Dataset, ParsedFile } from './dataset.js';
import { TransferSyntax } from './uid.js';

/** How the stored values of one frame are laid out in its bytes (Image Pixel module, PS3.3 C.7.6.3). */
export interface PixelLayout {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16 | 32;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly PhotometricInterpretation: string;
}

const native: ReadonlySet<string> = new Set([
  TransferSyntax.ImplicitVRLittleEndian,
  TransferSyntax.ExplicitVRLittleEndian,
  TransferSyntax.DeflatedExplicitVRLittleEndian,
  TransferSyntax.ExplicitVRBigEndian,
]);

/** Whether Pixel Data of this transfer syntax are plain samples. */
export const isNative = (TransferSyntaxUID: string): boolean => native.has(TransferSyntaxUID);

/**
 * The pixel layout of a grey-scale image.
 *
 * @throws PrioraError PIXELS_UNDECODABLE for colour, unusual depths and contradictory bit positions;
 *   DICOM_MISSING_ATTRIBUTE without Rows, Columns or BitsAllocated.
 */
export function pixelLayout(dataset: Dataset): PixelLayout {
  const subject = { SOPInstanceUID: dataset['SOPInstanceUID'] as string };
  const { Rows, Columns, BitsAllocated } = dataset;
  for (const [keyword, value] of Object.entries({ Rows, Columns, BitsAllocated }))
    if (!Number.isInteger(value) || value <= 0)
      throw new PrioraError('DICOM_MISSING_ATTRIBUTE', `${keyword} is missing or not positive`, { subject });
  const bitsStored: number = dataset['BitsStored'] ?? BitsAllocated;
  const highBit: number = dataset['HighBit'] ?? bitsStored - 1;
  const PhotometricInterpretation: string = dataset['PhotometricInterpretation'] ?? 'MONOCHROME2';
  const fail = (reason: string) => new PrioraError('PIXELS_UNDECODABLE', reason, { subject });
  if ((dataset['SamplesPerPixel'] ?? 1) !== 1 || !PhotometricInterpretation.startsWith('MONOCHROME'))
    throw fail(`${PhotometricInterpretation} is not a grey-scale image`);
  if (BitsAllocated !== 8 && BitsAllocated !== 16 && BitsAllocated !== 32)
    throw fail(`BitsAllocated ${BitsAllocated} is not supported`);
  if (bitsStored < 1 || bitsStored > highBit + 1 || highBit >= BitsAllocated)
    throw fail(`BitsStored ${bitsStored} and HighBit ${highBit} do not fit BitsAllocated ${BitsAllocated}`);
  return {
    rows: Rows,
    columns: Columns,
    bitsAllocated: BitsAllocated,
    bitsStored,
    highBit,
    signed: dataset['PixelRepresentation'] === 1,
    PhotometricInterpretation,
  };
}

/** Bytes of one decoded frame. */
export const frameBytes = ({ rows, columns, bitsAllocated }: PixelLayout): number =>
  (rows * columns * bitsAllocated) / 8;

/**
 * The bytes of each frame: samples if the syntax is native, one codestream each if encapsulated (PS3.5 A.4). Views, not
 * copies, except where a frame comes in several fragments.
 *
 * @throws PrioraError PIXELS_UNDECODABLE if pixels are missing, end early, or are not encoded as declared.
 */
export function frameData(file: ParsedFile, layout: PixelLayout): Uint8Array[] {
  const subject = { SOPInstanceUID: file.dataset['SOPInstanceUID'] as string };
  const fail = (reason: string) => new PrioraError('PIXELS_UNDECODABLE', reason, { subject });
  const frames: number = file.dataset['NumberOfFrames'] ?? 1;
  const { pixelData } = file;
  if (!pixelData) throw fail('there are no pixel data');
  if (!isNative(file.meta['TransferSyntaxUID'])) {
    if (pixelData.length !== undefined)
      throw fail('the header declares compression, the pixel data are not compressed');
    const { offsets, fragments } = readFragments(pixelData.bytes, fail);
    return framesOfFragments(fragments, offsets, frames, fail);
  }
  if (pixelData.length === undefined) throw fail('the header declares no compression, the pixel data are compressed');
  const size = frameBytes(layout);
  if (pixelData.bytes.length < pixelData.length) throw fail('the file ends inside the pixel data');
  if (pixelData.length < size * frames)
    throw fail(`${pixelData.length} bytes of pixel data, ${size * frames} are needed`);
  return Array.from({ length: frames }, (_, index) => pixelData.bytes.subarray(index * size, (index + 1) * size));
}

/** Data fragments with their offsets as the Basic Offset Table counts them, and that table (empty if absent). */
function readFragments(bytes: Uint8Array, fail: (reason: string) => PrioraError) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: { at: number; bytes: Uint8Array }[] = [];
  let at = 0;
  for (;;) {
    if (at + 8 > bytes.length) throw fail('the file ends inside the pixel data');
    const tag = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (tag === 0xe0ddfffe) break;
    if (tag !== 0xe000fffe) throw fail('the pixel data hold no items');
    if (at + 8 + length > bytes.length) throw fail('the file ends inside the pixel data');
    items.push({ at, bytes: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  const [table, ...fragments] = items;
  if (!table || fragments.length === 0) throw fail('there are no pixel data');
  const offsets = Array.from({ length: table.bytes.length >> 2 }, (_, index) =>
    view.getUint32(table.at + 8 + 4 * index, true),
  );
  const base = fragments[0].at;
  return { offsets, fragments: fragments.map((item) => ({ offset: item.at - base, bytes: item.bytes })) };
}

function framesOfFragments(
  fragments: readonly { offset: number; bytes: Uint8Array }[],
  offsets: readonly number[],
  frames: number,
  fail: (reason: string) => PrioraError,
): Uint8Array[] {
  if (fragments.length === frames) return fragments.map(({ bytes }) => bytes);
  const starts = frames === 1 ? [0] : offsets;
  if (starts.length !== frames) throw fail(`${fragments.length} fragments cannot be divided into ${frames} frames`);
  return starts.map((start, index) =>
    Buffer.concat(
      fragments
        .filter(({ offset }) => offset >= start && offset < (starts[index + 1] ?? Infinity))
        .map(({ bytes }) => bytes),
    ),
  );
}
