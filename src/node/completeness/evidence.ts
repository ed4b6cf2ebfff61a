import type { SeriesEvidence, SliceLayout } from '../../model/evidence.js';
import type { Store } from '../../store/store.js';

/** Positions closer than this are one (mm): rounding of decimal strings. */
const samePlaceMm = 1e-3;

/**
 * The layout of slices at `positionsMm` (any order, null = no position).
 *
 * @param tolerance fraction of the median step by which a step may differ.
 */
export function sliceLayout(
  slices: readonly { readonly orientation: string | null; readonly normalPositionMm: number | null }[],
  tolerance: number,
): SliceLayout | null {
  if (slices.length === 0 || slices.some((slice) => slice.orientation === null || slice.normalPositionMm === null))
    return null;
  const sorted = slices.map((slice) => slice.normalPositionMm!).sort((a, b) => a - b);
  const positions = sorted.filter((at, index) => index === 0 || at - sorted[index - 1] > samePlaceMm);
  const steps = positions.slice(1).map((at, index) => at - positions[index]);
  const spacingMm = steps.length === 0 ? 0 : [...steps].sort((a, b) => a - b)[Math.floor((steps.length - 1) / 2)];
  return {
    orientations: new Set(slices.map(({ orientation }) => orientation)).size,
    positions: positions.length,
    spacingMm,
    gaps: steps.filter((step) => Math.abs(step - spacingMm) > Math.max(tolerance * spacingMm, samePlaceMm)).length,
    coverageMm: positions.length === 0 ? 0 : positions[positions.length - 1] - positions[0] + spacingMm,
  };
}

/** How many numbers between the lowest and the highest of `numbers` are missing; null if one repeats or is absent. */
export function missingNumbers(numbers: readonly (number | null)[]): number | null {
  const given = numbers.filter((number) => number !== null);
  if (given.length === 0 || new Set(given).size < numbers.length) return null;
  const [low, high] = given.reduce(
    ([least, most], n) => [Math.min(least, n), Math.max(most, n)],
    [Infinity, -Infinity],
  );
  return high - low + 1 - given.length;
}

/** Reads a series' evidence from the index alone: no file is opened. */
export function gatherEvidence(store: Store, SeriesInstanceUID: string, spacingTolerance: number): SeriesEvidence {
  const series = store.series.find(SeriesInstanceUID);
  if (!series) throw new RangeError(`series ${SeriesInstanceUID} is not in the index`);
  const instances = store.instances.ofSeries(SeriesInstanceUID);
  const largest = (keyword: 'NumberOfSeriesRelatedInstances' | 'ImagesInAcquisition') =>
    instances.reduce<number | null>((most, { [keyword]: n }) => (n !== null && n > (most ?? 0) ? n : most), null);
  return {
    instances: instances.length,
    frames: instances.reduce((sum, { NumberOfFrames }) => sum + Math.max(NumberOfFrames ?? 1, 1), 0),
    multiFrame: instances.some(({ NumberOfFrames }) => (NumberOfFrames ?? 1) > 1),
    expectedInstances: largest('NumberOfSeriesRelatedInstances') ?? largest('ImagesInAcquisition'),
    numbersMissing: missingNumbers(instances.map(({ InstanceNumber }) => InstanceNumber)),
    layout: sliceLayout(instances, spacingTolerance),
    lastInstanceAt: series.lastInstanceAt,
    associationReleasedAt: series.associationReleasedAt,
  };
}
