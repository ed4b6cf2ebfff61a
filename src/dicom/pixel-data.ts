import { PrioraError } from '../core/errors.js';
import { instanceOf, number, text, unusable, type Dataset } from './dataset.js';
import type { ParsedFile } from './dicom-file.js';
import { elementEncoding } from './encoding.js';
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
 * The pixel layout of a grey-scale image. Its attributes are all required (PS3.3 C.7.6.3.1, type 1): a depth or sign
 * that is assumed gives an image that only looks right.
 *
 * @throws PrioraError DICOM_MISSING_ATTRIBUTE or DICOM_VALUE_UNUSABLE, naming the attribute; PIXELS_UNDECODABLE for
 *   colour, unusual depths and contradictory bit positions.
 */
export function pixelLayout(dataset: Dataset): PixelLayout {
  const subject = instanceOf(dataset);
  const missing = (keyword: string) => new PrioraError('DICOM_MISSING_ATTRIBUTE', `${keyword} is missing`, { subject });
  const whole = (keyword: string, least: number): number => {
    const value = number(dataset, keyword);
    if (value === undefined) throw missing(keyword);
    if (!Number.isInteger(value) || value < least) throw unusable(keyword, `is ${value}`, subject);
    return value;
  };
  const [rows, columns] = [whole('Rows', 1), whole('Columns', 1)];
  const bitsAllocated = whole('BitsAllocated', 1);
  const [bitsStored, highBit] = [whole('BitsStored', 1), whole('HighBit', 0)];
  const PixelRepresentation = whole('PixelRepresentation', 0);
  const SamplesPerPixel = whole('SamplesPerPixel', 1);
  const PhotometricInterpretation = text(dataset, 'PhotometricInterpretation');
  if (PhotometricInterpretation === undefined) throw missing('PhotometricInterpretation');
  const fail = (reason: string) => new PrioraError('PIXELS_UNDECODABLE', reason, { subject });
  if (SamplesPerPixel !== 1 || !PhotometricInterpretation.startsWith('MONOCHROME'))
    throw fail(`this is no grey-scale image: PhotometricInterpretation or SamplesPerPixel (${SamplesPerPixel})`);
  if (bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32)
    throw fail(`BitsAllocated ${bitsAllocated} is not supported`);
  if (bitsStored > highBit + 1 || highBit >= bitsAllocated)
    throw fail(`BitsStored ${bitsStored} and HighBit ${highBit} do not fit BitsAllocated ${bitsAllocated}`);
  if (PixelRepresentation > 1) throw unusable('PixelRepresentation', `is ${PixelRepresentation}`, subject);
  return {
    rows,
    columns,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: PixelRepresentation === 1,
    PhotometricInterpretation,
  };
}

/**
 * How many frames an instance says it has; one if it does not say.
 *
 * @throws PrioraError DICOM_VALUE_UNUSABLE for anything but a positive whole number.
 */
export function frameCount(dataset: Dataset): number {
  const frames = number(dataset, 'NumberOfFrames') ?? 1;
  if (!Number.isInteger(frames) || frames < 1) throw unusable('NumberOfFrames', `is ${frames}`, instanceOf(dataset));
  return frames;
}

/** Bytes of one decoded frame. */
export const frameBytes = ({ rows, columns, bitsAllocated }: PixelLayout): number =>
  (rows * columns * bitsAllocated) / 8;

/**
 * The bytes of each frame: little-endian samples if the syntax is native, one codestream each if encapsulated (PS3.5
 * A.4). Views, not copies, except where a frame comes in several fragments or its words are swapped.
 *
 * @throws PrioraError PIXELS_UNDECODABLE if pixels are missing, end early, are more than the header declares, or are not
 *   encoded as declared; DICOM_VALUE_UNUSABLE for NumberOfFrames.
 */
export function frameData(file: ParsedFile, layout: PixelLayout): Uint8Array[] {
  const fail = failing(file);
  const frames = frameCount(file.dataset);
  const { pixelData } = file;
  if (!pixelData) throw fail('there are no pixel data');
  if (!isNative(file.meta.TransferSyntaxUID)) {
    if (pixelData.length !== undefined)
      throw fail('the header declares compression, the pixel data are not compressed');
    const { offsets, fragments } = readFragments(pixelData.bytes, fail);
    return framesOfFragments(fragments, offsets, frames, fail);
  }
  const size = frameBytes(layout);
  const bytes = nativeSamples(file, layout.bitsAllocated);
  if (bytes.length < size * frames) throw fail(`${bytes.length} bytes of pixel data, ${size * frames} are needed`);
  if (bytes.length >= size * (frames + 1))
    throw fail(`${bytes.length} bytes of pixel data, the header describes ${size * frames}: it names too few`);
  return Array.from({ length: frames }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

/**
 * The whole of native pixel data in little-endian order. OW is a string of 16-bit words, whatever the depth of its
 * samples: in big endian two neighbouring 8-bit samples change places, and a 32-bit sample is still two words, the lower
 * one first (PS3.5 7.3, 8.1.1). OB knows no order of bytes.
 *
 * @throws PrioraError PIXELS_UNDECODABLE if the file has none, or ends inside them.
 */
export function nativeSamples(file: ParsedFile, bitsAllocated: number): Uint8Array {
  const { pixelData, meta } = file;
  const fail = failing(file);
  if (!pixelData) throw fail('there are no pixel data');
  if (pixelData.length === undefined) throw fail('the header declares no compression, the pixel data are compressed');
  if (pixelData.bytes.length < pixelData.length) throw fail('the file ends inside the pixel data');
  const bytes = pixelData.bytes.subarray(0, pixelData.length);
  if (elementEncoding(meta.TransferSyntaxUID).littleEndian) return bytes;
  if (pixelData.vr === 'OW') return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();
  if (bitsAllocated > 8) throw fail(`samples of ${bitsAllocated} bits in ${pixelData.vr} have no order of bytes`);
  return bytes;
}

const failing =
  ({ dataset }: ParsedFile) =>
  (reason: string) =>
    new PrioraError('PIXELS_UNDECODABLE', reason, { subject: instanceOf(dataset) });

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
