import type { TimePointSummary } from '../../node/operations/time-point.js';
import { sphereVolumeMm3 } from '../lesion-history.js';
import type { PhantomScan } from '../scan.js';
import { applyAffine, type Vector3 } from '../../imaging/affine.js';
import { voxelFromIndex } from '../../imaging/volume.js';

/** Every true lesion of at least this size must be found. */
export const mustFindMm = 6;
/** More false findings of either kind than this at a time point fail the demonstration. */
export const mostFalse = { confirmed: 4, candidate: 8 } as const;
const kinds = ['confirmed', 'candidate'] as const;

/** A true lesion beside what the node found of it. */
export interface TruthLine {
  readonly id: number;
  readonly diameterMm: number;
  readonly volumeMm3: number;
  readonly priorVolumeMm3: number | null;
  readonly change: string;
  readonly found: TimePointSummary['lesions'][number] | null;
}

export interface Comparison {
  readonly lines: readonly TruthLine[];
  readonly falseFindings: TimePointSummary['lesions'];
  /** What is wrong, one sentence each; empty when the time point passes. */
  readonly failures: readonly string[];
}

/**
 * Holds a time point against the phantom it was made from: every true lesion of at least 6 mm found, its change called rightly,
 * every lesion that is gone reported as gone, few findings that are none.
 *
 * Changes are judged where the lesion has 6 mm now, or had them at the prior. What smaller ones change by is within what the node
 * takes for its error of measurement: 20 mm³, and from 3.6 to 4.4 mm it is not more. Nor can it always tell that such a one is new.
 *
 * @param prior the same of the time point before; null for the first.
 */
export function compareWithTruth(
  timePoint: Pick<TimePointSummary, 'lesions' | 'gone'>,
  { labels, lesions }: Pick<PhantomScan, 'labels' | 'lesions'>,
  prior: Comparison | null,
): Comparison {
  const centroids = labelCentroids(labels);
  const free = new Set(timePoint.lesions);
  const lines = lesions.map(({ id, diameterMm, volumeMm3, priorVolumeMm3, change }): TruthLine => {
    const centroid = centroids.get(id);
    const reachMm = diameterMm / 2 + 1.5;
    const [nearest] = [...free]
      .map((lesion) => ({ lesion, distanceMm: centroid ? distance(centroid, lesion.centroidPatientMm) : Infinity }))
      .filter(({ distanceMm }) => distanceMm <= reachMm)
      .sort((a, b) => a.distanceMm - b.distanceMm);
    if (nearest) free.delete(nearest.lesion);
    return { id, diameterMm, volumeMm3, priorVolumeMm3, change, found: nearest?.lesion ?? null };
  });
  const falseFindings = [...free];
  const isLarge = (volumeMm3: number | null) => (volumeMm3 ?? 0) >= sphereVolumeMm3(mustFindMm);
  const present = new Set(lines.map(({ id }) => id));
  const vanished = (prior?.lines ?? []).flatMap(({ id, found }) => (found && !present.has(id) ? [found] : []));
  const reportedGone = new Set(
    timePoint.gone.filter(({ status }) => status === 'not visualised').map(({ trackingUID }) => trackingUID),
  );
  return {
    lines,
    falseFindings,
    failures: [
      ...lines
        .filter(({ found, volumeMm3 }) => found === null && isLarge(volumeMm3))
        .map(({ diameterMm }) => `a metastasis of ${diameterMm.toFixed(1)} mm was missed`),
      ...lines
        .filter(({ volumeMm3, priorVolumeMm3 }) => isLarge(volumeMm3) || isLarge(priorVolumeMm3))
        .filter(({ found, change }) => found !== null && found.change !== change)
        .map(({ found, change }) => `${found!.trackingID} is reported as ${found!.change}, the truth is ${change}`),
      ...vanished
        .filter(({ trackingUID }) => !reportedGone.has(trackingUID))
        .map(({ trackingID }) => `${trackingID} is not reported as not visualised, but it has disappeared`),
      ...kinds
        .map((kind) => ({ kind, count: falseFindings.filter(({ confidence }) => confidence === kind).length }))
        .filter(({ kind, count }) => count > mostFalse[kind])
        .map(({ kind, count }) => `${count} false findings are ${kind}, at most ${mostFalse[kind]} are allowed`),
    ],
  };
}

/** Centre of gravity of each label, patient mm. */
function labelCentroids({ shape, patientFromVoxel, voxels }: PhantomScan['labels']): Map<number, Vector3> {
  const sums = new Map<number, [number, number, number, number]>();
  voxels.forEach((label, index) => {
    if (label === 0) return;
    const sum = sums.get(label) ?? [0, 0, 0, 0];
    voxelFromIndex(index, shape).forEach((at, axis) => (sum[axis] += at));
    sum[3]++;
    sums.set(label, sum);
  });
  return new Map(
    [...sums].map(([label, [i, j, k, n]]) => [label, applyAffine(patientFromVoxel, [i / n, j / n, k / n])]),
  );
}

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
