import { PrioraError } from '../../core/errors.js';
import type { LabelMap } from '../../imaging/volume.js';
import { lesionPixels } from '../lesion-pixels.js';
import type { SegmentationFrame } from './functional-groups.js';

/**
 * Cuts a label map into frames of one bit per voxel, segment by segment and in ascending slices within each. Frames
 * follow each other without padding, the first voxel in the lowest bit (PS3.5 8.1.1, Annex D); the whole is padded to
 * even length.
 *
 * @param numbers the label of segment 1, 2, ….
 * @throws PrioraError DICOM_INVALID_OUTPUT if a label has no voxel.
 */
export function packSegments(
  labels: LabelMap,
  numbers: readonly number[],
): { frames: SegmentationFrame[]; bits: Uint8Array<ArrayBuffer> } {
  const parts = segmentParts(labels, numbers);
  const size = frameSize(labels);
  const bits = new Uint8Array(Math.ceil((parts.length * size) / 16) * 2);
  parts.forEach(({ pixels }, frame) => {
    for (const pixel of pixels) {
      const bit = frame * size + pixel;
      bits[Math.floor(bit / 8)] |= 1 << (bit % 8);
    }
  });
  return { frames: parts.map(({ segmentNumber, k }) => ({ segmentNumber, k })), bits };
}

/**
 * Cuts a label map into frames whose pixels are segment numbers, 0 where there is none, in ascending slices; 8 bits if
 * they suffice, else 16. The whole is padded to even length.
 *
 * @param numbers the label of segment 1, 2, ….
 * @throws PrioraError DICOM_INVALID_OUTPUT if a label has no voxel.
 */
export function labelFrames(
  labels: LabelMap,
  numbers: readonly number[],
): { frames: SegmentationFrame[]; pixels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> } {
  const parts = segmentParts(labels, numbers);
  const slices = [...new Set(parts.map(({ k }) => k))].sort((a, b) => a - b);
  const frameOf = new Map(slices.map((k, frame) => [k, frame]));
  const size = frameSize(labels);
  const values =
    numbers.length <= 255
      ? new Uint8Array(Math.ceil((slices.length * size) / 2) * 2)
      : new Uint16Array(slices.length * size);
  for (const { segmentNumber, k, pixels } of parts)
    for (const pixel of pixels) values[frameOf.get(k)! * size + pixel] = segmentNumber;
  return { frames: slices.map((k) => ({ k })), pixels: values };
}

const frameSize = ({ shape }: LabelMap): number => shape[0] * shape[1];

/** What each segment has in each slice, segment by segment and in ascending slices within each. */
function segmentParts(labels: LabelMap, numbers: readonly number[]) {
  const lesions = lesionPixels(labels);
  return numbers.flatMap((number, index) => {
    const slices = lesions.get(number);
    if (slices === undefined)
      throw new PrioraError('DICOM_INVALID_OUTPUT', `lesion ${number} has no voxel in the label map`);
    return [...slices].map(([k, pixels]) => ({ segmentNumber: index + 1, k, pixels }));
  });
}
