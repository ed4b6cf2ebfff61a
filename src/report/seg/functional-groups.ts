import { firstItem, items, vector, type Dataset } from '../../dicom/dataset.js';
import { applyAffine, type Vector3 } from '../../imaging/affine.js';
import { spacingMm } from '../../imaging/volume.js';
import { codeItem, codes } from '../codes.js';
import { decimalString } from '../decimal-string.js';
import type { ReportSource, SourceFrame } from '../report-input.js';

/** One frame of a segmentation. */
export interface SegmentationFrame {
  /** From 1; label maps hold all segments in one frame. */
  readonly segmentNumber?: number;
  /** The source slice on which it lies. */
  readonly k: number;
}

/**
 * Spacing and orientation, shared by all frames (PS3.3 C.7.6.16.2.1, .4). If the source's header says the same as its
 * grid, the header's own values are kept, because viewers compare both objects digit by digit.
 */
export function sharedGroups({ header, grid }: ReportSource): Dataset {
  const m = grid.patientFromVoxel;
  const [column, row, slice] = spacingMm(grid);
  const orientation = [m[0] / column, m[4] / column, m[8] / column, m[1] / row, m[5] / row, m[9] / row];
  const measures = groupOf(header, 'PixelMeasuresSequence');
  const [SliceThickness] = vector(measures, 'SliceThickness', 1) ?? [NaN];
  return {
    PixelMeasuresSequence: [
      {
        SliceThickness: decimalString(SliceThickness > 0 ? SliceThickness : slice),
        SpacingBetweenSlices: sameOr([slice], vector(measures, 'SpacingBetweenSlices', 1))[0],
        PixelSpacing: sameOr([row, column], vector(measures, 'PixelSpacing', 2)),
      },
    ],
    PlaneOrientationSequence: [
      {
        ImageOrientationPatient: sameOr(
          orientation,
          vector(groupOf(header, 'PlaneOrientationSequence'), 'ImageOrientationPatient', 6),
        ),
      },
    ],
  };
}

/** The item that holds the attributes of a functional group: the header itself for single-frame images. */
function groupOf(header: Dataset, sequence: string): Dataset {
  const group = ['SharedFunctionalGroupsSequence', 'PerFrameFunctionalGroupsSequence'].flatMap((groups) =>
    items(firstItem(header, groups), sequence),
  );
  return group[0] ?? header;
}

/** The header's values if they equal the computed ones, else the computed ones. */
function sameOr(computed: readonly number[], fromHeader: readonly number[] | undefined): string[] {
  const same = fromHeader?.every((value, index) => Math.abs(value - computed[index]) < 1e-4);
  return (same ? fromHeader! : computed).map(decimalString);
}

/** Position, dimension indices, segment and source of each frame. */
export function perFrameGroups(
  frames: readonly SegmentationFrame[],
  { frames: sources, grid }: ReportSource,
): Dataset[] {
  const sourceOf = new Map(sources.map((frame) => [frame.k, frame]));
  return frames.map(({ segmentNumber, k }) => {
    const source = sourceOf.get(k);
    const position: Vector3 = source?.ImagePositionPatient ?? applyAffine(grid.patientFromVoxel, [0, 0, k]);
    return {
      DerivationImageSequence: source && [derivation(source)],
      // Indices into the source's slices, so that frames of all segments on one slice share one index.
      FrameContentSequence: [{ DimensionIndexValues: segmentNumber === undefined ? [k + 1] : [segmentNumber, k + 1] }],
      PlanePositionSequence: [{ ImagePositionPatient: position.map(decimalString) }],
      SegmentIdentificationSequence:
        segmentNumber === undefined ? undefined : [{ ReferencedSegmentNumber: segmentNumber }],
    };
  });
}

const derivation = ({ SOPClassUID, SOPInstanceUID, frameNumber }: SourceFrame): Dataset => ({
  DerivationCodeSequence: [codeItem(codes.segmentation)],
  SourceImageSequence: [
    {
      ReferencedSOPClassUID: SOPClassUID,
      ReferencedSOPInstanceUID: SOPInstanceUID,
      ReferencedFrameNumber: frameNumber === undefined ? undefined : String(frameNumber),
      PurposeOfReferenceCodeSequence: [codeItem(codes.sourceImageForProcessing)],
      SpatialLocationsPreserved: 'YES',
    },
  ],
});
