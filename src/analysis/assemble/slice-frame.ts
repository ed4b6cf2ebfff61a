import { PrioraError } from '../../core/errors.js';
import type { Dataset } from '../../dicom/dataset.js';
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

const missing = (keyword: string, what: string, SOPInstanceUID: string, frameNumber?: number) =>
  new PrioraError('GEOMETRY_MISSING', `${keyword} ${what}`, {
    subject: { SOPInstanceUID, ...(frameNumber !== undefined && { frameNumber }) },
  });

/**
 * Norms and the dot product of direction cosines may be off by this much: what writers round, not what a scanner tilts.
 */
const cosineTolerance = 1e-3;

function numbers(value: unknown, count: number): number[] | undefined {
  return Array.isArray(value) && value.length === count && value.every((entry) => Number.isFinite(entry))
    ? (value as number[])
    : undefined;
}

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

/** The image plane of a single-frame instance. @throws PrioraError GEOMETRY_MISSING */
export function singleFrame(dataset: Dataset): SliceFrame {
  const { InstanceNumber } = dataset;
  return sliceFrame(dataset, dataset, dataset, dataset, dataset, InstanceNumber, textOf(dataset, kindKeywords));
}

/**
 * The image planes of a multi-frame instance; a per-frame functional group overrides the shared one (PS3.3 C.7.6.16).
 *
 * @throws PrioraError GEOMETRY_MISSING, naming the frame.
 */
export function multiFrame(dataset: Dataset): SliceFrame[] {
  const shared: Dataset = first(dataset['SharedFunctionalGroupsSequence']) ?? {};
  const perFrame = (dataset['PerFrameFunctionalGroupsSequence'] ?? []) as Dataset[];
  const count: number = dataset['NumberOfFrames'] ?? 1;
  if (perFrame.length !== count)
    throw missing(
      'PerFrameFunctionalGroupsSequence',
      `has ${perFrame.length} items for ${count} frames`,
      dataset['SOPInstanceUID'],
    );
  return Array.from({ length: count }, (_, index) => {
    const group = (keyword: string): Dataset => first(perFrame[index][keyword]) ?? first(shared[keyword]) ?? {};
    const content = group('FrameContentSequence');
    const kind = {
      ...textOf(content, ['StackID', 'TemporalPositionIndex']),
      ...textOf(group('MREchoSequence'), ['EffectiveEchoTime']),
      ...textOf(group('MRModifierSequence'), ['InversionTimes']),
      ...textOf(group('MRImageFrameTypeSequence'), ['FrameType', 'ComplexImageComponent']),
    };
    return sliceFrame(
      dataset,
      group('PlanePositionSequence'),
      group('PlaneOrientationSequence'),
      group('PixelMeasuresSequence'),
      group('PixelValueTransformationSequence'),
      content['InStackPositionNumber'],
      kind,
      index + 1,
    );
  });
}

const positive = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;

const first = (sequence: unknown): Dataset | undefined =>
  Array.isArray(sequence) ? (sequence[0] as Dataset | undefined) : undefined;

function textOf(dataset: Dataset, keywords: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    keywords
      .filter((keyword) => dataset[keyword] !== undefined && dataset[keyword] !== null && dataset[keyword] !== '')
      .map((keyword) => [keyword, String(dataset[keyword])]),
  );
}

function sliceFrame(
  instance: Dataset,
  plane: Dataset,
  orientationGroup: Dataset,
  measures: Dataset,
  transformation: Dataset,
  number: unknown,
  kind: Record<string, string>,
  frameNumber?: number,
): SliceFrame {
  const SOPInstanceUID = instance['SOPInstanceUID'] as string;
  const position = numbers(plane['ImagePositionPatient'], 3);
  const orientation = numbers(orientationGroup['ImageOrientationPatient'], 6);
  const spacing = numbers(measures['PixelSpacing'], 2);
  if (!position) throw missing('ImagePositionPatient', 'is missing or unusable', SOPInstanceUID, frameNumber);
  if (!orientation) throw missing('ImageOrientationPatient', 'is missing or unusable', SOPInstanceUID, frameNumber);
  if (!spacing || spacing.some((value) => value <= 0))
    throw missing('PixelSpacing', 'is missing or unusable', SOPInstanceUID, frameNumber);
  const [rx, ry, rz, cx, cy, cz] = orientation;
  const rowNorm = Math.hypot(rx, ry, rz);
  const columnNorm = Math.hypot(cx, cy, cz);
  const dot = rx * cx + ry * cy + rz * cz;
  if (Math.max(Math.abs(rowNorm - 1), Math.abs(columnNorm - 1), Math.abs(dot)) > cosineTolerance)
    throw missing('ImageOrientationPatient', 'is no pair of perpendicular unit vectors', SOPInstanceUID, frameNumber);
  return {
    SOPInstanceUID,
    SOPClassUID: instance['SOPClassUID'] as string,
    ...(frameNumber !== undefined && { frameNumber }),
    position: position as unknown as Vector3,
    rowDirection: [rx / rowNorm, ry / rowNorm, rz / rowNorm],
    columnDirection: [cx / columnNorm, cy / columnNorm, cz / columnNorm],
    pixelSpacingMm: [spacing[0], spacing[1]],
    rows: instance['Rows'] as number,
    columns: instance['Columns'] as number,
    SliceThickness: positive(measures['SliceThickness']),
    SpacingBetweenSlices: positive(measures['SpacingBetweenSlices']),
    number: Number.isInteger(number) ? (number as number) : null,
    RescaleSlope: transformation['RescaleSlope'] ?? 1,
    RescaleIntercept: transformation['RescaleIntercept'] ?? 0,
    kind,
  };
}
