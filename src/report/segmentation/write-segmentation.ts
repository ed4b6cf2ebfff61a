import { PrioraError } from '../../core/errors.js';
import type { Dataset } from '../../dicom/dataset.js';
import { derivedUID, SOPClass } from '../../dicom/uid.js';
import { seal } from '../seal.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { frameOfReferenceUID, patientAndStudy, required } from '../source-attributes.js';
import { distinctInstances } from '../source-instances.js';
import type { ReportInput, WrittenObject } from '../types.js';
import { perFrameGroups, sharedGroups } from './functional-groups.js';
import { packSegments } from './packed-frames.js';
import { segments } from './segments.js';

/** Tags that the dimension index points at, as AT values. */
const tag = {
  SegmentIdentificationSequence: 0x0062000a,
  ReferencedSegmentNumber: 0x0062000b,
  PlanePositionSequence: 0x00209113,
  ImagePositionPatient: 0x00200032,
};

/**
 * A BINARY segmentation in the source study: one segment a lesion, in their order, and only frames that hold a voxel of
 * their segment. Rows, columns, spacing and orientation are the source's own; each frame names the source frame it lies on.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT when there are no lesions, a lesion has no voxel, or the result breaks the
 *   standard; DICOM_MISSING_ATTRIBUTE when the source lacks identity or date.
 * @see PS3.3 A.51, C.8.20
 */
export function writeSegmentation(input: ReportInput): WrittenObject {
  const { source, lesions, labels, demonstration } = input;
  const { header, grid } = source;
  if (lesions.length === 0) throw new PrioraError('DICOM_INVALID_OUTPUT', 'a segmentation needs a lesion');
  const packed = packSegments(
    labels,
    lesions.map(({ number }) => number),
  );
  const DimensionOrganizationUID = derivedUID('Dimensions', required(header, 'SeriesInstanceUID'));
  const lossy = header['LossyImageCompression'] === '01';
  const dataset: Dataset = {
    SOPClassUID: SOPClass.SegmentationStorage,
    ...patientAndStudy(header),
    ...resultSeries(header, {
      Modality: 'SEG',
      SeriesNumber: 9001,
      description: demonstration ? 'Priora SEG' : 'Priora brain metastases SEG',
      demonstration,
    }),
    BodyPartExamined: 'BRAIN',
    FrameOfReferenceUID: frameOfReferenceUID(header),
    PositionReferenceIndicator: '',
    ...equipment(input.software),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: 'METASTASES',
    ContentDescription: 'Brain metastases, one segment each',
    ContentCreatorName: 'Priora^Software',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: String(packed.frames.length),
    Rows: grid.shape[1],
    Columns: grid.shape[0],
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    LossyImageCompression: lossy ? '01' : '00',
    LossyImageCompressionRatio: lossy ? header['LossyImageCompressionRatio'] : undefined,
    LossyImageCompressionMethod: lossy ? header['LossyImageCompressionMethod'] : undefined,
    SegmentationType: 'BINARY',
    SegmentsOverlap: 'NO',
    SegmentSequence: segments(input),
    DimensionOrganizationSequence: [{ DimensionOrganizationUID }],
    DimensionIndexSequence: [
      {
        DimensionOrganizationUID,
        DimensionIndexPointer: tag.ReferencedSegmentNumber,
        FunctionalGroupPointer: tag.SegmentIdentificationSequence,
        DimensionDescriptionLabel: 'Segment',
      },
      {
        DimensionOrganizationUID,
        DimensionIndexPointer: tag.ImagePositionPatient,
        FunctionalGroupPointer: tag.PlanePositionSequence,
        DimensionDescriptionLabel: 'Position',
      },
    ],
    SharedFunctionalGroupsSequence: [sharedGroups(source)],
    PerFrameFunctionalGroupsSequence: perFrameGroups(packed.frames, source),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: required(header, 'SeriesInstanceUID'),
        ReferencedInstanceSequence: distinctInstances(source.frames),
      },
    ],
    PixelData: packed.bits.buffer,
    _vrMap: { PixelData: 'OB' },
  };
  return seal(dataset);
}
