import { TransferSyntax } from './uid.js';

/** The codecs available. */
export type Codec = 'rle' | 'jpeg' | 'jpegLS' | 'jpeg2000' | 'htj2k';

interface Coding {
  readonly codec: Codec;
  /** Codestreams that are allowed under this transfer syntax. */
  readonly accepts: readonly Codestream[];
}
type Codestream = 'rle' | 'jpegLossy' | 'jpegLossless' | 'jpegLS' | 'jpeg2000' | 'htj2k' | 'unknown';

const jpegLossy: Coding = { codec: 'jpeg', accepts: ['jpegLossy'] };
const jpegLossless: Coding = { codec: 'jpeg', accepts: ['jpegLossless'] };
const jpegLS: Coding = { codec: 'jpegLS', accepts: ['jpegLS'] };
const jpeg2000: Coding = { codec: 'jpeg2000', accepts: ['jpeg2000'] };
const htj2k: Coding = { codec: 'htj2k', accepts: ['htj2k'] };
const codings: Record<string, Coding> = {
  [TransferSyntax.RLELossless]: { codec: 'rle', accepts: ['rle'] },
  [TransferSyntax.JPEGBaseline8Bit]: jpegLossy,
  [TransferSyntax.JPEGExtended12Bit]: jpegLossy,
  [TransferSyntax.JPEGLossless]: jpegLossless,
  [TransferSyntax.JPEGLosslessSV1]: jpegLossless,
  [TransferSyntax.JPEGLSLossless]: jpegLS,
  [TransferSyntax.JPEGLSNearLossless]: jpegLS,
  [TransferSyntax.JPEG2000Lossless]: jpeg2000,
  [TransferSyntax.JPEG2000]: jpeg2000,
  [TransferSyntax.HTJ2KLossless]: htj2k,
  [TransferSyntax.HTJ2KLosslessRPCL]: htj2k,
  [TransferSyntax.HTJ2K]: htj2k,
};
const lossySyntaxes: ReadonlySet<string> = new Set([
  TransferSyntax.JPEGBaseline8Bit,
  TransferSyntax.JPEGExtended12Bit,
  TransferSyntax.JPEGLSNearLossless,
]);

/** The codec of a compressed transfer syntax; undefined for native and unknown ones. */
export const codecOf = (TransferSyntaxUID: string): Codec | undefined => codings[TransferSyntaxUID]?.codec;

/**
 * Whether a frame lost information when it was encoded: by its transfer syntax or, since the general syntaxes of JPEG
 * 2000 allow both, by its wavelet: the 9-7 filter is irreversible (ISO 15444-1 A.6.1, COD marker). Whatever was left
 * out of a reversible codestream cannot be told.
 */
export const isLossy = (bytes: Uint8Array, TransferSyntaxUID: string): boolean =>
  lossySyntaxes.has(TransferSyntaxUID) || isIrreversible(bytes);

/** Whether this is JPEG 2000 by the 9-7 filter (COD's last byte is 0; 1 is the reversible 5-3). */
function isIrreversible(bytes: Uint8Array): boolean {
  if (u16(bytes, 0) !== 0xff4f) return false;
  for (let at = 2; at + 14 <= bytes.length && bytes[at] === 0xff; at += 2 + u16(bytes, at + 2))
    if (bytes[at + 1] === 0x52) return bytes[at + 13] === 0;
  return false;
}

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] << 8) | bytes[at + 1];

/**
 * What a frame's bytes really are, by their markers: the JPEG families by the SOF marker (ISO 10918-1 Table B.1, ISO
 * 14495-1 C.1.1), JPEG 2000 by SIZ, whose Rsiz bit 14 marks high throughput (ISO 15444-15 A.2), RLE by its header
 * (PS3.5 G.5).
 */
export function identifyCodestream(bytes: Uint8Array): Codestream {
  if (bytes.length < 16) return 'unknown';
  if (u16(bytes, 0) === 0xff4f && u16(bytes, 2) === 0xff51) return u16(bytes, 6) & 0x4000 ? 'htj2k' : 'jpeg2000';
  if (u16(bytes, 0) === 0xffd8) {
    for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
      const marker = bytes[at + 1];
      if (marker === 0xff) {
        at += 1; // fill byte
        continue;
      }
      if (marker === 0xf7) return 'jpegLS';
      if (marker === 0xc3) return 'jpegLossless';
      if (marker >= 0xc0 && marker <= 0xc2) return 'jpegLossy';
      at += 2 + u16(bytes, at + 2);
    }
    return 'unknown';
  }
  const segments = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const firstOffset = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  return segments >= 1 && segments <= 15 && firstOffset === 64 ? 'rle' : 'unknown';
}

/** Whether `bytes` are encoded as the transfer syntax says. */
export const matchesSyntax = (bytes: Uint8Array, TransferSyntaxUID: string): boolean =>
  codings[TransferSyntaxUID]?.accepts.includes(identifyCodestream(bytes)) ?? false;
