import { PrioraError } from '../../core/errors.js';
import { text, type Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import type { TrackedLesion } from '../../model/lesion.js';
import { applyAffine } from '../../imaging/affine.js';
import { codeItem, codes } from '../codes.js';
import { roundedDecimalString } from '../decimal-string.js';
import { lesionPixels, type LesionPixels } from '../lesion-pixels.js';
import { seal } from '../seal.js';
import { segmentationAlgorithm } from '../seg/segments.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { frameOfReferenceUID, patientAndStudy, required } from '../source-attributes.js';
import { instancesWithFrames } from '../instance-references.js';
import type { ReportInput, ReportSource, WrittenObject } from '../report-input.js';
import type { Wording } from '../wording/english.js';
import { wordings } from '../wording/language.js';
import { outlines, type Outline } from './outlines.js';
import { confidenceColour, findingType, lesionName, lesionState } from '../lesion-label.js';

/** What the standard wants named for the referenced study: Detached Study Management, retired (PS3.3 C.8.8.5.4). */
const studyClass = '1.2.840.10008.3.1.2.3.1';
/** Of a contour's coordinates: a micrometre. */
const decimals = 3;
/** Of one contour: what its element can hold in Explicit VR, 65534 bytes, at ten a coordinate (PS3.5 7.1.2). */
const mostPoints = 2000;

/**
 * The lesions as contours for a planning system, in the source study: one ROI each, closed polygons in the source's slices along
 * the edges of its pixels. Area × slice spacing is therefore the segmentation's volume, not an approximation of it. Holes are
 * keyholes, which every reader of CLOSED_PLANAR fills rightly; CLOSEDPLANAR_XOR is too young for many.
 *
 * The interpreted type stays empty: whether a finding becomes a GTV is for a radiation oncologist to say. The standard gives
 * an ROI no tracking identifiers; they stand in its description.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT when there are no lesions, a lesion has no voxel, or the result breaks the
 *   standard; DICOM_MISSING_ATTRIBUTE when the source lacks identity or date.
 * @see PS3.3 A.19, C.8.8.5, C.8.8.6, C.8.8.8
 */
export function writeStructureSet(input: ReportInput): WrittenObject {
  const { source, lesions } = input;
  const wording = wordings[input.language];
  const { header } = source;
  if (lesions.length === 0) throw new PrioraError('DICOM_INVALID_OUTPUT', 'a structure set needs a lesion');
  const pixels = lesionPixels(input.labels);
  const FrameOfReferenceUID = frameOfReferenceUID(header);
  // A structure set has a date of its own instead of the content's.
  const {
    ContentDate: StructureSetDate,
    ContentTime: StructureSetTime,
    ...series
  } = resultSeries(
    header,
    {
      Modality: 'RTSTRUCT',
      SeriesNumber: 9005,
      kind: 'RTSTRUCT',
    },
    input,
  );
  return seal({
    SOPClassUID: SOPClass.RTStructureSetStorage,
    ...patientAndStudy(header),
    ...series,
    OperatorsName: '',
    ...equipment(input.software),
    FrameOfReferenceUID,
    PositionReferenceIndicator: '',
    StructureSetLabel: 'METASTASES',
    StructureSetName: wording.objects.structureSet,
    StructureSetDescription: `${text(series, 'SeriesDescription') ?? ''}. ${wording.objects.beforePlanning}`,
    StructureSetDate,
    StructureSetTime,
    ReferencedFrameOfReferenceSequence: [
      {
        FrameOfReferenceUID,
        RTReferencedStudySequence: [
          {
            ReferencedSOPClassUID: studyClass,
            ReferencedSOPInstanceUID: required(header, 'StudyInstanceUID'),
            RTReferencedSeriesSequence: [
              {
                SeriesInstanceUID: required(header, 'SeriesInstanceUID'),
                ContourImageSequence: instancesWithFrames(source.frames),
              },
            ],
          },
        ],
      },
    ],
    StructureSetROISequence: lesions.map((lesion, index) => ({
      ROINumber: String(index + 1),
      ReferencedFrameOfReferenceUID: FrameOfReferenceUID,
      ROIName: lesionName(lesion, wording),
      ROIDescription: description(lesion, wording),
      // cm³ (PS3.3 C.8.8.5)
      ROIVolume: roundedDecimalString(lesion.volumeMm3 / 1000, 6),
      ROIGenerationAlgorithm: 'AUTOMATIC',
      ROIDerivationAlgorithmIdentificationSequence: [segmentationAlgorithm(input)],
    })),
    ROIContourSequence: lesions.map((lesion, index) => ({
      ReferencedROINumber: String(index + 1),
      ROIDisplayColor: confidenceColour[lesion.confidence].map(String),
      ContourSequence: contours(lesion.number, pixels.get(lesion.number), source),
    })),
    RTROIObservationsSequence: lesions.map((lesion, index) => ({
      ObservationNumber: String(index + 1),
      ReferencedROINumber: String(index + 1),
      ROIObservationDescription: description(lesion, wording),
      SegmentedPropertyCategoryCodeSequence: [codeItem(codes.morphologicallyAbnormalStructure)],
      RTROIIdentificationCodeSequence: [codeItem(findingType(lesion))],
      RTROIInterpretedType: '',
      ROIInterpreter: '',
    })),
  });
}

const description = (lesion: TrackedLesion, wording: Wording): string =>
  `${lesionState(lesion, wording)}, ${wording.objects.trackingUID(lesion.trackingUID)}`;

/** A lesion's contours, slice by slice, each with the image it lies on. */
function contours(number: number, slices: LesionPixels | undefined, { grid, frames }: ReportSource): Dataset[] {
  if (slices === undefined)
    throw new PrioraError('DICOM_INVALID_OUTPUT', `lesion ${number} has no voxel in the label map`);
  const frameOf = new Map(frames.map((frame) => [frame.k, frame]));
  return [...slices]
    .flatMap(([k, pixels]) => closedOutlines(pixels, grid.shape[0]).map((outline) => ({ k, outline })))
    .map(({ k, outline }, index) => ({
      ContourNumber: String(index + 1),
      ContourImageSequence: instancesWithFrames([frameOf.get(k)!]),
      ContourGeometricType: 'CLOSED_PLANAR',
      NumberOfContourPoints: String(outline.length),
      // A voxel's centre has whole indices, its corners lie half a voxel off.
      ContourData: outline
        .flatMap(([x, y]) => applyAffine(grid.patientFromVoxel, [x - 0.5, y - 0.5, k]))
        .map((value) => roundedDecimalString(value, decimals)),
    }));
}

/** Outlines short enough to be written; what is more ragged than that is cut in two, which neither adds nor takes a pixel. */
function closedOutlines(pixels: readonly number[], columns: number): Outline[] {
  const found = outlines(pixels, columns);
  if (found.every(({ length }) => length <= mostPoints)) return found;
  const half = Math.ceil(pixels.length / 2);
  return [pixels.slice(0, half), pixels.slice(half)].flatMap((part) => closedOutlines(part, columns));
}
