import type { PixelLayout } from './pixel-data.js';

/** How stored values become the values of the image. */
export interface ValueTransform {
  /** Modality LUT (PS3.3 C.11.1): value = stored · slope + intercept. */
  readonly RescaleSlope: number;
  readonly RescaleIntercept: number;
  /**
   * Stored values that are not part of the image (PS3.3 C.7.5.1.1.2), inclusive; read as NaN for the caller to fill.
   */
  readonly padding?: readonly [number, number];
}

/** Samples of one frame as an integer array view; copies only unaligned data. */
function samples(bytes: Uint8Array, bitsAllocated: 8 | 16 | 32) {
  if (bitsAllocated === 8) return bytes;
  const size = bitsAllocated / 8;
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const count = bytes.byteLength / size;
  return size === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}

/**
 * Writes the values of one frame into `target` from `offset`. Bits above HighBit and below the stored ones (overlays of
 * older files) are masked away, and the sign is extended from the highest stored bit. MONOCHROME1 keeps its values: it
 * says how to display them, not what they are.
 *
 * Padding is compared as a stored value is: by its lowest BitsStored bits, with the sign of PixelRepresentation. Its
 * VR should follow PixelRepresentation and often does not: −2000 is written 63536.
 *
 * @param bytes native little-endian samples in row-major order, as long as the frame.
 */
export function writeValues(
  target: Float32Array,
  offset: number,
  bytes: Uint8Array,
  layout: PixelLayout,
  { RescaleSlope, RescaleIntercept, padding }: ValueTransform,
): void {
  const data = samples(bytes, layout.bitsAllocated);
  const count = layout.rows * layout.columns;
  // Shifting the stored bits to the top and back both masks and, with >>, extends the sign.
  const up = 31 - layout.highBit;
  const down = 32 - layout.bitsStored;
  const limits = padding?.map((value) => (layout.signed ? (value << down) >> down : (value << down) >>> down));
  const low = limits ? Math.min(...limits) : 0;
  const high = limits ? Math.max(...limits) : -1;
  for (let index = 0; index < count; index++) {
    const top = data[index] << up;
    const stored = layout.signed ? top >> down : top >>> down;
    target[offset + index] =
      padding && stored >= low && stored <= high ? NaN : stored * RescaleSlope + RescaleIntercept;
  }
}
