import { PrioraError } from '../../core/errors.js';
import type { LabelMap } from '../../volume/volume.js';

/** Which segment a frame belongs to, and the source slice it lies on. */
export interface SegmentFrame {
  /** From 1. */
  readonly segmentNumber: number;
  readonly k: number;
}

/**
 * Cuts a label map into frames of one bit a voxel, segment by segment and in each by rising slice. Frames follow each
 * other without padding, the first voxel in the lowest bit (PS3.5 8.1.1, Annex D); the whole is padded to even length.
 *
 * @param numbers the label of segment 1, 2, ….
 * @throws PrioraError DICOM_INVALID_OUTPUT when a label has no voxel.
 */
export function packSegments(
  { shape, voxels }: LabelMap,
  numbers: readonly number[],
): { frames: SegmentFrame[]; bits: Uint8Array<ArrayBuffer> } {
  const sliceSize = shape[0] * shape[1];
  const segmentOf = new Map(numbers.map((label, index) => [label, index + 1]));
  const slicesOf = numbers.map(() => new Set<number>());
  for (let index = 0; index < voxels.length; index++)
    if (voxels[index] !== 0) {
      const segmentNumber = segmentOf.get(voxels[index]);
      if (segmentNumber !== undefined) slicesOf[segmentNumber - 1].add(Math.floor(index / sliceSize));
    }
  const frames = slicesOf.flatMap((slices, index) => {
    if (slices.size === 0)
      throw new PrioraError('DICOM_INVALID_OUTPUT', `lesion ${numbers[index]} has no voxel in the label map`);
    return [...slices].sort((a, b) => a - b).map((k) => ({ segmentNumber: index + 1, k }));
  });
  const bits = new Uint8Array(Math.ceil((frames.length * sliceSize) / 16) * 2);
  frames.forEach(({ segmentNumber, k }, frame) => {
    const label = numbers[segmentNumber - 1];
    for (let pixel = 0; pixel < sliceSize; pixel++) {
      if (voxels[k * sliceSize + pixel] !== label) continue;
      const bit = frame * sliceSize + pixel;
      bits[Math.floor(bit / 8)] |= 1 << (bit % 8);
    }
  });
  return { frames, bits };
}
