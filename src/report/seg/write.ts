import { SOPClass } from '../../dicom/uid.js';
import { seal } from '../seal.js';
import type { ReportInput, WrittenObject } from '../report-input.js';
import { labelFrames, packSegments } from './frames.js';
import { segmentationImage } from './segmentation-image.js';
import { backgroundSegment, segments } from './segments.js';

/**
 * A BINARY segmentation in the source study: one segment per lesion, in their order, and only frames that hold a voxel
 * of their segment.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT if there are no lesions, a lesion has no voxel, or the result violates the
 *   standard; DICOM_MISSING_ATTRIBUTE if the source lacks identity or date.
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

/** Segment number of everything that is not a lesion. */
const background = 0;

/**
 * The lesions as a label map (Supplement 243): the value of a pixel is the number of its segment, the same as in the
 * BINARY segmentation. Only slices that hold a lesion have a frame. The background is segment 0, and Pixel Padding
 * Value says that it is background: readers go by one or the other.
 *
 * @throws as {@link writeSegmentation}.
 * @see PS3.3 A.51, C.8.20.2
 */
export function writeLabelMap(input: ReportInput): WrittenObject {
  const { frames, pixels } = labelFrames(
    input.labels,
    input.lesions.map(({ number }) => number),
  );
  const bits = pixels.BYTES_PER_ELEMENT * 8;
  return seal(
    segmentationImage(input, {
      series: { SeriesNumber: 9004, kind: 'LABELMAP' },
      frames,
      content: {
        SOPClassUID: SOPClass.LabelMapSegmentationStorage,
        SegmentationType: 'LABELMAP',
        SegmentSequence: [backgroundSegment(input, background), ...segments(input)],
        PixelPaddingValue: background,
        BitsAllocated: bits,
        BitsStored: bits,
        HighBit: bits - 1,
        PixelData: pixels.buffer,
        _vrMap: { PixelData: bits === 8 ? 'OB' : 'OW', PixelPaddingValue: 'US' },
      },
    }),
  );
}
