import { TransferSyntax } from './uid.js';

/** How the elements of a data set are encoded (PS3.5 7.1, 7.3). */
export interface ElementEncoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

/** The encoding that a transfer syntax stands for (PS3.5 Annex A); of a deflated one, that of the inflated bytes. */
export function elementEncoding(TransferSyntaxUID: string): ElementEncoding {
  return {
    explicit: TransferSyntaxUID !== TransferSyntax.ImplicitVRLittleEndian,
    littleEndian: TransferSyntaxUID !== TransferSyntax.ExplicitVRBigEndian,
  };
}

/** The length of a sequence, an item or encapsulated pixels that end with a delimiter. */
export const undefinedLength = 0xffffffff;

/** Tags, as group · 65536 + element, that give a data set its structure (PS3.5 7.5). */
export const structure = {
  pixelData: 0x7fe00010,
  item: 0xfffee000,
  itemDelimiter: 0xfffee00d,
  sequenceDelimiter: 0xfffee0dd,
} as const;

/** VRs whose explicit encoding has a length of 16 bits (PS3.5 7.1.2). */
const shortVRs = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
/** VRs whose explicit encoding has two reserved bytes and a length of 32 bits. */
const longVRs = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));

/** Whether two bytes are a value representation that PS3.5 knows. */
export const isVR = (text: string): boolean => shortVRs.has(text) || longVRs.has(text);

/** Whether the length field of a VR has 32 bits; VRs of later editions have (PS3.5 7.1.2). */
export const hasLongLength = (vr: string): boolean => !shortVRs.has(vr);
