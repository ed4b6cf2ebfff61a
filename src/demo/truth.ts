import type { TimePoint } from '../case/time-point.js';
import type { PhantomScan } from '../phantom/scan.js';
import { applyAffine, type Vector3 } from '../volume/affine.js';

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
  readonly change: string;
  readonly found: TimePoint['lesions'][number] | null;
}

export interface Comparison {
  readonly lines: readonly TruthLine[];
  readonly falseFindings: TimePoint['lesions'];
  /** What is wrong, one sentence each; empty when the time point passes. */
  readonly failures: readonly string[];
}

/**
 * Holds a time point against the phantom it was made from: every true lesion of at least 6 mm found, its change called rightly,
 * few findings that are none.
 */
export function compareWithTruth(timePoint: TimePoint, { labels, lesions }: PhantomScan): Comparison {
  const centroids = labelCentroids(labels);
  const free = new Set(timePoint.lesions);
  const lines = lesions.map(({ id, diameterMm, volumeMm3, change }): TruthLine => {
    const centroid = centroids.get(id);
    const reachMm = diameterMm / 2 + 1.5;
    const [nearest] = [...free]
      .map((lesion) => ({ lesion, distanceMm: centroid ? distance(centroid, lesion.centroidPatientMm) : Infinity }))
      .filter(({ distanceMm }) => distanceMm <= reachMm)
      .sort((a, b) => a.distanceMm - b.distanceMm);
    if (nearest) free.delete(nearest.lesion);
    return { id, diameterMm, volumeMm3, change, found: nearest?.lesion ?? null };
  });
  const falseFindings = [...free];
  const large = lines.filter(({ diameterMm }) => diameterMm >= mustFindMm);
  return {
    lines,
    falseFindings,
    failures: [
      ...large
        .filter(({ found }) => found === null)
        .map(({ diameterMm }) => `a metastasis of ${diameterMm.toFixed(1)} mm was missed`),
      ...large
        .filter(({ found, change }) => found !== null && found.change !== change)
        .map(({ found, change }) => `${found!.trackingID} is called ${found!.change}, the truth is ${change}`),
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
    sum[0] += index % shape[0];
    sum[1] += Math.floor(index / shape[0]) % shape[1];
    sum[2] += Math.floor(index / (shape[0] * shape[1]));
    sum[3]++;
    sums.set(label, sum);
  });
  return new Map(
    [...sums].map(([label, [i, j, k, n]]) => [label, applyAffine(patientFromVoxel, [i / n, j / n, k / n])]),
  );
}

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
