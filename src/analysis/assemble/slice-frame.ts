import { PrioraError, type ErrorSubject } from '../../core/errors.js';
import {
  functionalGroup,
  instanceOf,
  items,
  number,
  text,
  texts,
  unusable,
  vector,
  type Dataset,
} from '../../dicom/dataset.js';
import { frameCount } from '../../dicom/pixel-data.js';
import type { Vector3 } from '../../imaging/affine.js';

/** One image plane of a series: a single-frame instance, or one frame of a multi-frame one. */
export interface SliceFrame {
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  /** 1-based frame of a multi-frame instance; absent in single-frame ones. */
  readonly frameNumber?: number;
  /** Centre of the first voxel, LPS mm (ImagePositionPatient). */
  readonly position: Vector3;
  /**
   * Unit vectors along a row (in the direction of increasing column index) and along a column (of increasing row
   * index).
   */
  readonly rowDirection: Vector3;
  readonly columnDirection: Vector3;
  /** PixelSpacing: between rows, between columns, in mm. */
  readonly pixelSpacingMm: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  /**
   * What the header says about the slice's thickness and spacing, mm: not to be trusted, but evidence of missing
   * slices.
   */
  readonly SliceThickness: number | null;
  readonly SpacingBetweenSlices: number | null;
  /** InstanceNumber, or InStackPositionNumber of a frame. */
  readonly number: number | null;
  readonly RescaleSlope: number;
  readonly RescaleIntercept: number;
  /** What else tells acquisitions within one series apart: keyword → value as text. */
  readonly kind: Readonly<Record<string, string>>;
}

const missing = (keyword: string, what: string, subject: ErrorSubject) =>
  new PrioraError('GEOMETRY_MISSING', `${keyword} ${what}`, { subject });

/**
 * Norms and the dot product of direction cosines may be off by this much: what writers round, not what a scanner tilts.
 */
const cosineTolerance = 1e-3;

/**
 * Attributes that mean several acquisitions if they differ within a series; all single-frame ones are at the top level.
 */
const kindKeywords = [
  'EchoTime',
  'EchoNumbers',
  'InversionTime',
  'TemporalPositionIdentifier',
  'TriggerTime',
  'ImageType',
] as const;

/**
 * The image plane of a single-frame instance.
 *
 * @throws PrioraError GEOMETRY_MISSING; DICOM_VALUE_UNUSABLE, naming the attribute.
 */
export function singleFrame(dataset: Dataset): SliceFrame {
  const frames = frameCount(dataset);
  if (frames !== 1) throw unusable('NumberOfFrames', `is ${frames} in an image of one frame`, instanceOf(dataset));
  const groups = { plane: dataset, orientation: dataset, measures: dataset, transformation: dataset };
  return sliceFrame(dataset, groups, integer(dataset, 'InstanceNumber'), textOf(dataset, kindKeywords));
}

/**
 * The image planes of a multi-frame instance; a per-frame functional group overrides the shared one (PS3.3 C.7.6.16).
 *
 * @throws PrioraError GEOMETRY_MISSING; DICOM_VALUE_UNUSABLE, naming the attribute and the frame.
 */
export function multiFrame(dataset: Dataset): SliceFrame[] {
  const perFrame = items(dataset, 'PerFrameFunctionalGroupsSequence');
  const count = frameCount(dataset);
  if (perFrame.length !== count)
    throw missing(
      'PerFrameFunctionalGroupsSequence',
      `has ${perFrame.length} items for ${count} frames`,
      instanceOf(dataset),
    );
  return Array.from({ length: count }, (_, index) => {
    const group = (keyword: string): Dataset => functionalGroup(dataset, keyword, index);
    const content = group('FrameContentSequence');
    const kind = {
      ...textOf(content, ['StackID', 'TemporalPositionIndex']),
      ...textOf(group('MREchoSequence'), ['EffectiveEchoTime']),
      ...textOf(group('MRModifierSequence'), ['InversionTimes']),
      ...textOf(group('MRImageFrameTypeSequence'), ['FrameType', 'ComplexImageComponent']),
    };
    const groups = {
      plane: group('PlanePositionSequence'),
      orientation: group('PlaneOrientationSequence'),
      measures: group('PixelMeasuresSequence'),
      transformation: group('PixelValueTransformationSequence'),
    };
    return sliceFrame(dataset, groups, integer(content, 'InStackPositionNumber'), kind, index + 1);
  });
}

/** A number that only counts as evidence: null if it is absent or no integer, as numbers of some writers are. */
function integer(dataset: Dataset, keyword: string): number | null {
  const [value] = vector(dataset, keyword, 1) ?? [];
  return Number.isInteger(value) ? value : null;
}

const positive = (value: number | undefined): number | null => (value !== undefined && value > 0 ? value : null);

function textOf(dataset: Dataset, keywords: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    keywords.flatMap((keyword) => {
      const values = texts(dataset, keyword);
      return values.length === 0 ? [] : [[keyword, values.join(',')]];
    }),
  );
}

/** The parts of a header that describe one image plane: functional groups, or the one data set of a single frame. */
interface PlaneGroups {
  readonly plane: Dataset;
  readonly orientation: Dataset;
  readonly measures: Dataset;
  readonly transformation: Dataset;
}

function sliceFrame(
  instance: Dataset,
  { plane, orientation: orientationGroup, measures, transformation }: PlaneGroups,
  instanceNumber: number | null,
  kind: Record<string, string>,
  frameNumber?: number,
): SliceFrame {
  const subject = { ...instanceOf(instance), ...(frameNumber !== undefined && { frameNumber }) };
  const position = vector(plane, 'ImagePositionPatient', 3);
  const orientation = vector(orientationGroup, 'ImageOrientationPatient', 6);
  const spacing = vector(measures, 'PixelSpacing', 2);
  if (!position) throw missing('ImagePositionPatient', 'is missing or unusable', subject);
  if (!orientation) throw missing('ImageOrientationPatient', 'is missing or unusable', subject);
  if (!spacing || spacing.some((value) => value <= 0)) throw missing('PixelSpacing', 'is missing or unusable', subject);
  const [rx, ry, rz, cx, cy, cz] = orientation;
  const rowNorm = Math.hypot(rx, ry, rz);
  const columnNorm = Math.hypot(cx, cy, cz);
  const dot = rx * cx + ry * cy + rz * cz;
  if (Math.max(Math.abs(rowNorm - 1), Math.abs(columnNorm - 1), Math.abs(dot)) > cosineTolerance)
    throw missing('ImageOrientationPatient', 'is no pair of perpendicular unit vectors', subject);
  const RescaleSlope = number(transformation, 'RescaleSlope', subject);
  if (RescaleSlope === 0) throw unusable('RescaleSlope', 'is 0', subject);
  return {
    SOPInstanceUID: text(instance, 'SOPInstanceUID')!,
    SOPClassUID: text(instance, 'SOPClassUID')!,
    ...(frameNumber !== undefined && { frameNumber }),
    position: position as unknown as Vector3,
    rowDirection: [rx / rowNorm, ry / rowNorm, rz / rowNorm],
    columnDirection: [cx / columnNorm, cy / columnNorm, cz / columnNorm],
    pixelSpacingMm: [spacing[0], spacing[1]],
    rows: number(instance, 'Rows', subject)!,
    columns: number(instance, 'Columns', subject)!,
    SliceThickness: positive(number(measures, 'SliceThickness', subject)),
    SpacingBetweenSlices: positive(number(measures, 'SpacingBetweenSlices', subject)),
    number: instanceNumber,
    RescaleSlope: RescaleSlope ?? 1,
    RescaleIntercept: number(transformation, 'RescaleIntercept', subject) ?? 0,
    kind,
  };
}
