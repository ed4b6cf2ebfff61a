import { SOPClass } from '../../dicom/uid.js';
import { seal } from '../seal.js';
import type { ReportInput, WrittenObject } from '../types.js';
import { packSegments } from './packed-frames.js';
import { segmentationImage } from './segmentation-image.js';
import { segments } from './segments.js';

/**
 * A BINARY segmentation in the source study: one segment a lesion, in their order, and only frames that hold a voxel of
 * their segment.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT when there are no lesions, a lesion has no voxel, or the result breaks the
 *   standard; DICOM_MISSING_ATTRIBUTE when the source lacks identity or date.
 * @see PS3.3 A.51, C.8.20
 */
export function writeSegmentation(input: ReportInput): WrittenObject {
  const { frames, bits } = packSegments(
    input.labels,
    input.lesions.map(({ number }) => number),
  );
  return seal(
    segmentationImage(input, {
      series: { SeriesNumber: 9001, kind: 'SEG' },
      frames,
      content: {
        SOPClassUID: SOPClass.SegmentationStorage,
        SegmentationType: 'BINARY',
        SegmentSequence: segments(input),
        BitsAllocated: 1,
        BitsStored: 1,
        HighBit: 0,
        PixelData: bits.buffer,
        _vrMap: { PixelData: 'OB' },
      },
    }),
  );
}
