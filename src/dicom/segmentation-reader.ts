import { PrioraError } from '../core/errors.js';
import type { Affine } from '../imaging/affine.js';
import type { LabelMap } from '../imaging/volume.js';
import { codeIn, type ReadCode } from './code.js';
import { functionalGroup, instanceOf, items, number, text, vector, type Dataset } from './dataset.js';
import { parseFile, type ParsedFile } from './dicom-file.js';
import { frameCount, frameData, isNative, nativeSamples, type PixelLayout } from './pixel-data.js';
import { decodeFrames } from './pixel-decoder.js';
import { SOPClass } from './uid.js';

/** One segment with its voxels. */
export interface Segment {
  readonly SegmentNumber: number;
  readonly SegmentLabel: string;
  /** SegmentedPropertyTypeCodeSequence: what was segmented. */
  readonly type: ReadCode | null;
  readonly TrackingID: string | null;
  readonly TrackingUID: string | null;
  /**
   * 0/1, LPS mm, i along a row, j along a column; it holds the slices from the first frame of the segment to the last.
   * Segments may overlap. On a source series' grid: `resampleNearest(mask, grid, identityAffine)`, which copies voxel
   * by voxel where the two grids coincide, whatever the order of their slices.
   */
  readonly mask: LabelMap;
}

/** A segmentation object from any system. */
export interface Segmentation {
  /** Everything but the pixels. */
  readonly dataset: Dataset;
  readonly FrameOfReferenceUID: string;
  /** SeriesInstanceUID of the series on which it was drawn; empty if the writer left it out. */
  readonly referencedSeries: readonly string[];
  /** In order of SegmentNumber; segments without a frame are left out. */
  readonly segments: readonly Segment[];
}

/** Frames whose positions differ by less lie on one grid: headers round to a few digits. */
const placeToleranceMm = 0.05;
const orientationTolerance = 1e-3;

/**
 * Reads a segmentation: BINARY, FRACTIONAL (a voxel belongs to the segment from half of the maximum on) or LABELMAP,
 * written by any system, frames in any order, native or compressed.
 *
 * @throws PrioraError DICOM_UNREADABLE; DICOM_CLASS_MISMATCH if it is not a segmentation; DICOM_MISSING_ATTRIBUTE;
 *   PIXELS_UNDECODABLE; GEOMETRY_MISSING, GEOMETRY_MIXED if its frames are not a stack. The subject names the
 *   SOPInstanceUID.
 * @see PS3.3 A.51, A.90, C.8.20
 */
export async function readSegmentation(bytes: Uint8Array): Promise<Segmentation> {
  const file = parseFile(bytes, { stopAtPixelData: true });
  const { dataset } = file;
  const subject = instanceOf(dataset);
  const SOPClassUID = text(dataset, 'SOPClassUID');
  const labelMap = SOPClassUID === SOPClass.LabelMapSegmentationStorage;
  if (!labelMap && SOPClassUID !== SOPClass.SegmentationStorage)
    throw new PrioraError('DICOM_CLASS_MISMATCH', 'this is no segmentation', { subject });
  const frames = await segmentFrames(file);
  const place = gridOf(dataset, frames.length);
  const descriptions = new Map(
    items(dataset, 'SegmentSequence').map((segment) => [number(segment, 'SegmentNumber', subject), segment]),
  );

  // Segment → its frames: slice and the test that a voxel belongs to it.
  const parts = new Map<
    number,
    { k: number; values: Uint8Array | Uint16Array; belongs: (value: number) => boolean }[]
  >();
  const add = (
    segment: number | undefined,
    k: number,
    values: Uint8Array | Uint16Array,
    belongs: (value: number) => boolean,
  ) => {
    if (segment === undefined || !descriptions.has(segment))
      throw new PrioraError('DICOM_MISSING_ATTRIBUTE', `SegmentSequence does not describe segment ${segment}`, {
        subject,
      });
    parts.set(segment, [...(parts.get(segment) ?? []), { k, values, belongs }]);
  };
  const fractional = text(dataset, 'SegmentationType') === 'FRACTIONAL';
  const atLeast = fractional ? (number(dataset, 'MaximumFractionalValue') ?? 255) / 2 : 1;
  frames.forEach((values, index) => {
    const k = place.slices[index];
    if (labelMap) {
      for (const segment of new Set(values)) if (segment !== 0) add(segment, k, values, (value) => value === segment);
    } else {
      const identification = functionalGroup(dataset, 'SegmentIdentificationSequence', index);
      const segment = number(identification, 'ReferencedSegmentNumber', subject);
      add(segment, k, values, (value) => value >= atLeast);
    }
  });

  const [columns, rows] = [number(dataset, 'Columns')!, number(dataset, 'Rows')!];
  const segments = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([SegmentNumber, own]): Segment => {
      const first = Math.min(...own.map(({ k }) => k));
      const last = Math.max(...own.map(({ k }) => k));
      const voxels = new Uint8Array(columns * rows * (last - first + 1));
      for (const { k, values, belongs } of own) {
        const start = (k - first) * columns * rows;
        for (let index = 0; index < columns * rows; index++) if (belongs(values[index])) voxels[start + index] = 1;
      }
      const description = descriptions.get(SegmentNumber)!;
      return {
        SegmentNumber,
        SegmentLabel: text(description, 'SegmentLabel') ?? '',
        type: codeIn(description, 'SegmentedPropertyTypeCodeSequence') ?? null,
        TrackingID: text(description, 'TrackingID') ?? null,
        TrackingUID: text(description, 'TrackingUID') ?? null,
        mask: { shape: [columns, rows, last - first + 1], patientFromVoxel: place.patientFromSlice(first), voxels },
      };
    });
  return {
    dataset,
    FrameOfReferenceUID: text(dataset, 'FrameOfReferenceUID') ?? '',
    referencedSeries: items(dataset, 'ReferencedSeriesSequence').flatMap(
      (series) => text(series, 'SeriesInstanceUID') ?? [],
    ),
    segments,
  };
}

/** The stored values of each frame, row by row. */
async function segmentFrames(file: ParsedFile): Promise<(Uint8Array | Uint16Array)[]> {
  const { dataset, meta } = file;
  const subject = instanceOf(dataset);
  const [rows, columns, bitsAllocated] = ['Rows', 'Columns', 'BitsAllocated'].map((keyword) => {
    const value = number(dataset, keyword);
    if (value === undefined || !Number.isInteger(value) || value <= 0)
      throw new PrioraError('DICOM_MISSING_ATTRIBUTE', `${keyword} is missing or not positive`, { subject });
    return value;
  });
  if (bitsAllocated === 1) return bitFrames(file, rows * columns);
  if (bitsAllocated !== 8 && bitsAllocated !== 16)
    throw new PrioraError('PIXELS_UNDECODABLE', `BitsAllocated ${bitsAllocated} is not supported`, { subject });
  const layout: PixelLayout = {
    rows,
    columns,
    bitsAllocated,
    bitsStored: bitsAllocated,
    highBit: bitsAllocated - 1,
    signed: false,
    PhotometricInterpretation: text(dataset, 'PhotometricInterpretation') ?? 'MONOCHROME2',
  };
  const stored = frameData(file, layout);
  const { TransferSyntaxUID } = meta;
  const frames = isNative(TransferSyntaxUID)
    ? stored
    : await decodeFrames({ TransferSyntaxUID, layout, frames: stored }, subject);
  if (bitsAllocated === 8) return frames;
  return frames.map((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Uint16Array.from({ length: rows * columns }, (_, index) => view.getUint16(2 * index, true));
  });
}

/** One bit per voxel, no padding between frames, the first voxel in the lowest bit (PS3.5 8.1.1). */
function bitFrames(file: ParsedFile, size: number): Uint8Array[] {
  const fail = (reason: string) => new PrioraError('PIXELS_UNDECODABLE', reason, { subject: instanceOf(file.dataset) });
  const frames = frameCount(file.dataset);
  if (!isNative(file.meta.TransferSyntaxUID))
    throw fail('compressed segmentations of one bit a voxel are not supported');
  const bytes = nativeSamples(file, 1);
  if (bytes.length * 8 < frames * size) throw fail('the pixel data end early');
  return Array.from({ length: frames }, (_, frame) => {
    const values = new Uint8Array(size);
    for (let index = 0, bit = frame * size; index < size; index++, bit++)
      values[index] = (bytes[bit >> 3] >> (bit & 7)) & 1;
    return values;
  });
}

/** The grid on which all frames lie: the slice of each frame, and the affine of the grid that begins at a slice. */
function gridOf(dataset: Dataset, frames: number): { slices: number[]; patientFromSlice: (k: number) => Affine } {
  const subject = instanceOf(dataset);
  const missing = (keyword: string) =>
    new PrioraError('GEOMETRY_MISSING', `${keyword} is missing or unusable`, { subject });
  const mixed = (reason: string) => new PrioraError('GEOMETRY_MIXED', reason, { subject });
  const numbers = (group: Dataset, keyword: string, count: number): number[] => {
    const values = vector(group, keyword, count);
    if (!values) throw missing(keyword);
    return values;
  };
  const differ = (a: readonly number[], b: readonly number[], tolerance: number) =>
    a.some((value, index) => Math.abs(value - b[index]) > tolerance);

  const orientation = numbers(functionalGroup(dataset, 'PlaneOrientationSequence'), 'ImageOrientationPatient', 6);
  const measures = functionalGroup(dataset, 'PixelMeasuresSequence');
  const [rowSpacing, columnSpacing] = numbers(measures, 'PixelSpacing', 2);
  const [x, y] = [orientation.slice(0, 3), orientation.slice(3)];
  const normal = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  const planes = Array.from({ length: frames }, (_, frame) => {
    const at = functionalGroup(dataset, 'PlaneOrientationSequence', frame);
    const spacing = functionalGroup(dataset, 'PixelMeasuresSequence', frame);
    if (
      differ(numbers(at, 'ImageOrientationPatient', 6), orientation, orientationTolerance) ||
      differ(numbers(spacing, 'PixelSpacing', 2), [rowSpacing, columnSpacing], orientationTolerance)
    )
      throw mixed('its frames have several orientations or spacings');
    const position = numbers(functionalGroup(dataset, 'PlanePositionSequence', frame), 'ImagePositionPatient', 3);
    const along = position[0] * normal[0] + position[1] * normal[1] + position[2] * normal[2];
    return { along, position };
  });
  const lowest = planes.reduce((a, b) => (b.along < a.along ? b : a));
  const distances = planes.map(({ along }) => along - lowest.along);
  const spacing = sliceSpacing(distances, measures);
  if (spacing === undefined) throw mixed('its frames are not evenly spaced');
  if (!(spacing > 0)) throw missing('SpacingBetweenSlices');
  const slices = planes.map(({ along, position }) => {
    const k = Math.round((along - lowest.along) / spacing);
    const expected = lowest.position.map((value, axis) => value + k * spacing * normal[axis]);
    if (differ(position, expected, 2 * placeToleranceMm)) throw mixed('its frames are not stacked along their normal');
    return k;
  });
  return {
    slices,
    patientFromSlice: (k) => [
      ...[0, 1, 2].flatMap((axis) => [
        x[axis] * columnSpacing,
        y[axis] * rowSpacing,
        normal[axis] * spacing,
        lowest.position[axis] + k * spacing * normal[axis],
      ]),
      ...[0, 0, 0, 1],
    ],
  };
}

/**
 * The smallest known spacing of which all distances are multiples: the declared one, or a gap between frames. There are
 * frames only where a segment is, so gaps of several slices are common; on a grid that is too fine the slices between
 * two frames are empty, while one that is too coarse would fill slices that have no frame. 0 if nothing tells,
 * undefined if the frames are uneven.
 */
function sliceSpacing(distances: readonly number[], measures: Dataset): number | undefined {
  const gaps = [...distances]
    .sort((a, b) => a - b)
    .map((at, index, all) => at - (all[index - 1] ?? at))
    .filter((gap) => gap > placeToleranceMm);
  const declared = ['SpacingBetweenSlices', 'SliceThickness']
    .flatMap((keyword) => vector(measures, keyword, 1) ?? [])
    .filter((mm) => mm > 0);
  if (gaps.length + declared.length === 0) return 0;
  const fits = (spacing: number) =>
    distances.every((at) => Math.abs(at - Math.round(at / spacing) * spacing) <= 2 * placeToleranceMm);
  return [...declared, ...gaps].sort((a, b) => a - b).find(fits);
}
