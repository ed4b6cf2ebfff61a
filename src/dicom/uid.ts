import { createHash } from 'node:crypto';

/**
 * A UID derived from what it names, so that the same input, model and configuration give the same UID: `2.25.` and 122
 * bits of SHA-256 shaped as a UUID (PS3.5 B.2).
 */
export function derivedUID(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80; // version 8: custom (RFC 9562)
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}

/** Identifies this software to peers (PS3.7 D.3.3.2); some readers keep 56 characters at most. */
export const implementationClassUID = '2.25.329800735698586629295641978511506172918';
export const implementationVersionName = 'PRIORA_0_1';

export const SOPClass = {
  Verification: '1.2.840.10008.1.1',
  MRImageStorage: '1.2.840.10008.5.1.4.1.1.4',
  EnhancedMRImageStorage: '1.2.840.10008.5.1.4.1.1.4.1',
  LegacyConvertedEnhancedMRImageStorage: '1.2.840.10008.5.1.4.1.1.4.4',
  SegmentationStorage: '1.2.840.10008.5.1.4.1.1.66.4',
  LabelMapSegmentationStorage: '1.2.840.10008.5.1.4.1.1.66.7',
  SpatialRegistrationStorage: '1.2.840.10008.5.1.4.1.1.66.1',
  RTStructureSetStorage: '1.2.840.10008.5.1.4.1.1.481.3',
  EnhancedSRStorage: '1.2.840.10008.5.1.4.1.1.88.22',
  ComprehensiveSRStorage: '1.2.840.10008.5.1.4.1.1.88.33',
  Comprehensive3DSRStorage: '1.2.840.10008.5.1.4.1.1.88.34',
  EncapsulatedPDFStorage: '1.2.840.10008.5.1.4.1.1.104.1',
  KeyObjectSelectionDocumentStorage: '1.2.840.10008.5.1.4.1.1.88.59',
} as const;

/** The classes by which readers correct results: segmentations, and reports that may hold measurements (TID 1500). */
export const reviewClasses: ReadonlySet<string> = new Set([
  SOPClass.SegmentationStorage,
  SOPClass.LabelMapSegmentationStorage,
  SOPClass.EnhancedSRStorage,
  SOPClass.ComprehensiveSRStorage,
  SOPClass.Comprehensive3DSRStorage,
]);

export const TransferSyntax = {
  ImplicitVRLittleEndian: '1.2.840.10008.1.2',
  ExplicitVRLittleEndian: '1.2.840.10008.1.2.1',
  DeflatedExplicitVRLittleEndian: '1.2.840.10008.1.2.1.99',
  ExplicitVRBigEndian: '1.2.840.10008.1.2.2',
  RLELossless: '1.2.840.10008.1.2.5',
  JPEGBaseline8Bit: '1.2.840.10008.1.2.4.50',
  JPEGExtended12Bit: '1.2.840.10008.1.2.4.51',
  JPEGLossless: '1.2.840.10008.1.2.4.57',
  JPEGLosslessSV1: '1.2.840.10008.1.2.4.70',
  JPEGLSLossless: '1.2.840.10008.1.2.4.80',
  JPEGLSNearLossless: '1.2.840.10008.1.2.4.81',
  JPEG2000Lossless: '1.2.840.10008.1.2.4.90',
  JPEG2000: '1.2.840.10008.1.2.4.91',
  HTJ2KLossless: '1.2.840.10008.1.2.4.201',
  HTJ2KLosslessRPCL: '1.2.840.10008.1.2.4.202',
  HTJ2K: '1.2.840.10008.1.2.4.203',
} as const;
