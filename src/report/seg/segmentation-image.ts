import { PrioraError } from '../../core/errors.js';
import type { Dataset } from '../../dicom/dataset.js';
import { derivedUID } from '../../dicom/uid.js';
import { resultSeries, equipment } from '../series-and-equipment.js';
import { frameOfReferenceUID, patientAndStudy, required } from '../source-attributes.js';
import { distinctInstances } from '../instance-references.js';
import { wordings } from '../wording/language.js';
import type { ReportInput } from '../report-input.js';
import { perFrameGroups, sharedGroups, type SegmentationFrame } from './functional-groups.js';

/** Tags that the dimension index points at, as AT values. */
const tag = {
  SegmentIdentificationSequence: 0x0062000a,
  ReferencedSegmentNumber: 0x0062000b,
  PlanePositionSequence: 0x00209113,
  ImagePositionPatient: 0x00200032,
};

/** What distinguishes one segmentation type from another. */
export interface SegmentationKind {
  readonly series: { readonly SeriesNumber: number; readonly kind: 'SEG' | 'LABELMAP' };
  /** In the order of the pixels. */
  readonly frames: readonly SegmentationFrame[];
  /** SOP class, segmentation type, segments and pixels. */
  readonly content: Dataset;
}

/**
 * What all segmentation types share (PS3.3 A.51, C.8.20.2): rows, columns, spacing and orientation are the source's
 * own; each frame names the source frame on which it lies; frames are indexed by segment, if a frame has one, and
 * position.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT if there are no lesions.
 */
export function segmentationImage(input: ReportInput, { series, frames, content }: SegmentationKind): Dataset {
  const { source, lesions } = input;
  const { header, grid } = source;
  if (lesions.length === 0) throw new PrioraError('DICOM_INVALID_OUTPUT', 'a segmentation needs a lesion');
  const DimensionOrganizationUID = derivedUID('Dimensions', required(header, 'SeriesInstanceUID'));
  const lossy = header['LossyImageCompression'] === '01';
  const bySegment = frames.some(({ segmentNumber }) => segmentNumber !== undefined);
  return {
    ...patientAndStudy(header),
    ...resultSeries(header, { Modality: 'SEG', ...series }, input),
    BodyPartExamined: 'BRAIN',
    FrameOfReferenceUID: frameOfReferenceUID(header),
    PositionReferenceIndicator: '',
    ...equipment(input.software),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: 'METASTASES',
    ContentDescription: wordings[input.language].objects.segments,
    ContentCreatorName: 'Priora^Software',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: String(frames.length),
    Rows: grid.shape[1],
    Columns: grid.shape[0],
    PixelRepresentation: 0,
    LossyImageCompression: lossy ? '01' : '00',
    LossyImageCompressionRatio: lossy ? header['LossyImageCompressionRatio'] : undefined,
    LossyImageCompressionMethod: lossy ? header['LossyImageCompressionMethod'] : undefined,
    SegmentsOverlap: 'NO',
    DimensionOrganizationSequence: [{ DimensionOrganizationUID }],
    DimensionIndexSequence: [
      ...(bySegment
        ? [
            {
              DimensionOrganizationUID,
              DimensionIndexPointer: tag.ReferencedSegmentNumber,
              FunctionalGroupPointer: tag.SegmentIdentificationSequence,
              DimensionDescriptionLabel: 'Segment',
            },
          ]
        : []),
      {
        DimensionOrganizationUID,
        DimensionIndexPointer: tag.ImagePositionPatient,
        FunctionalGroupPointer: tag.PlanePositionSequence,
        DimensionDescriptionLabel: 'Position',
      },
    ],
    SharedFunctionalGroupsSequence: [sharedGroups(source)],
    PerFrameFunctionalGroupsSequence: perFrameGroups(frames, source),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: required(header, 'SeriesInstanceUID'),
        ReferencedInstanceSequence: distinctInstances(source.frames),
      },
    ],
    ...content,
  };
}
