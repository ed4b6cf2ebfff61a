import { basename } from 'node:path';
import { asPrioraError, PrioraError } from '../../core/errors.js';
import { functionalGroup, items, text, vector, type Dataset } from '../../dicom/dataset.js';
import { readDicomHead } from '../../dicom/dicom-file.js';

/** What selection examines: one header, and what the positions of all images say. */
export interface SeriesHeader {
  readonly SeriesInstanceUID: string;
  /** The first instance without pixels. */
  readonly dataset: Dataset;
  /** Number of images: instances, or frames of multi-frame ones. */
  readonly images: number;
  /** Typical distance between neighbouring positions, mm; null without usable positions or with only one. */
  readonly sliceSpacingMm: number | null;
  /** Extent of the positions along the slice normal, mm, including one spacing; null as above. */
  readonly coverageMm: number | null;
}

/**
 * Reads a series' headers, not its pixels.
 *
 * @param files the instances of one series, in any order.
 * @throws PrioraError DICOM_UNREADABLE, naming the file.
 */
export async function readSeriesHeader(files: readonly string[]): Promise<SeriesHeader> {
  const datasets: Dataset[] = [];
  for (const path of files)
    try {
      datasets.push((await readDicomHead(path)).dataset);
    } catch (thrown) {
      const { code, message, subject } = asPrioraError(thrown);
      throw new PrioraError(code, `${basename(path)}: ${message}`, { cause: thrown, subject });
    }
  return seriesHeader(datasets);
}

/**
 * The header of a series from all its data sets (without pixels); the one with the lowest InstanceNumber represents it.
 */
export function seriesHeader(datasets: readonly Dataset[]): SeriesHeader {
  const number = (dataset: Dataset) => vector(dataset, 'InstanceNumber', 1)?.[0] ?? 0;
  const uid = (dataset: Dataset) => text(dataset, 'SOPInstanceUID') ?? '';
  const [first] = [...datasets].sort((a, b) => number(a) - number(b) || (uid(a) < uid(b) ? -1 : 1));
  const planes = datasets.flatMap(planesOf);
  const orientation = planes.find((plane) => plane.orientation)?.orientation;
  const normal = orientation && normalOf(orientation);
  const along = planes
    .flatMap(({ position }) => (position && normal ? [dot(position, normal)] : []))
    .sort((a, b) => a - b);
  const gaps = along
    .slice(1)
    .map((at, index) => at - along[index])
    .filter((gap) => gap > 1e-3)
    .sort((a, b) => a - b);
  const sliceSpacingMm = gaps.length > 0 ? gaps[gaps.length >> 1] : null;
  return {
    SeriesInstanceUID: text(first, 'SeriesInstanceUID') ?? '',
    dataset: first,
    images: planes.length,
    sliceSpacingMm,
    coverageMm: sliceSpacingMm === null ? null : along[along.length - 1] - along[0] + sliceSpacingMm,
  };
}

const dot = (a: readonly number[], b: readonly number[]) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** The slice normal of an ImageOrientationPatient. */
export function normalOf([rx, ry, rz, cx, cy, cz]: readonly number[]): [number, number, number] {
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
}

interface Plane {
  readonly position: readonly number[] | undefined;
  readonly orientation: readonly number[] | undefined;
}

function planesOf(dataset: Dataset): Plane[] {
  const planeOf = (plane: Dataset, orientation: Dataset): Plane => ({
    position: vector(plane, 'ImagePositionPatient', 3),
    orientation: vector(orientation, 'ImageOrientationPatient', 6),
  });
  const frames = items(dataset, 'PerFrameFunctionalGroupsSequence').length;
  if (frames === 0) return [planeOf(dataset, dataset)];
  return Array.from({ length: frames }, (_, frame) =>
    planeOf(
      functionalGroup(dataset, 'PlanePositionSequence', frame),
      functionalGroup(dataset, 'PlaneOrientationSequence', frame),
    ),
  );
}
