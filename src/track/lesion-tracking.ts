import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../volume/affine.js';
import type { LesionChange } from '../volume/lesion.js';
import type { LabelMap } from '../volume/volume.js';
import { assign } from './assignment.js';
import type { ResponseCriteria } from './criteria.js';

/** A measured lesion; its voxels carry `number` in the label map. */
export interface FoundLesion {
  readonly number: number;
  readonly volumeMm3: number;
  readonly centroidPatientMm: Vector3;
}

/** A lesion of the prior, with the identity it already has. */
export interface KnownLesion extends FoundLesion {
  readonly trackingUID: string;
  readonly trackingID: string;
}

export interface LesionsOnGrid<Lesion extends FoundLesion> {
  readonly lesions: readonly Lesion[];
  readonly labels: LabelMap;
}

export interface LesionTrack {
  readonly number: number;
  /** Index into the known lesions, or null for a lesion seen for the first time. */
  readonly known: KnownLesion | null;
  readonly change: LesionChange;
}

/**
 * Matches current lesions with those of the prior, one to one: the pairs that overlap most and lie nearest win.
 *
 * @param priorFromCurrent patient space of the current source → patient space of the prior source, LPS mm.
 * @returns a track per current lesion, and the known lesions that are no longer seen.
 */
export function trackLesions(
  current: LesionsOnGrid<FoundLesion>,
  prior: LesionsOnGrid<KnownLesion>,
  priorFromCurrent: Affine,
  criteria: ResponseCriteria,
): { tracks: LesionTrack[]; gone: KnownLesion[] } {
  const overlaps = countOverlaps(current.labels, prior.labels, priorFromCurrent);
  const cost = current.lesions.map((lesion) => {
    const centroid = applyAffine(priorFromCurrent, lesion.centroidPatientMm);
    return prior.lesions.map((known) => {
      const distanceMm = distance(centroid, known.centroidPatientMm);
      const overlap = overlaps.get(`${lesion.number} ${known.number}`) ?? 0;
      const gapMm = distanceMm - equivalentRadiusMm(lesion) - equivalentRadiusMm(known);
      if (overlap === 0 && gapMm > criteria.identity.maximumGapMm) return Infinity;
      // Any overlap beats any distance; among overlaps the larger share of the current lesion wins.
      return overlap > 0 ? -1000 * overlap + distanceMm : distanceMm;
    });
  });
  const partners = assign(cost);
  const tracks = current.lesions.map((lesion, row): LesionTrack => {
    const column = partners[row];
    const known = column === null ? null : prior.lesions[column];
    if (known) return { number: lesion.number, known, change: changeOf(lesion.volumeMm3, known.volumeMm3, criteria) };
    const covered = contains(prior.labels, applyAffine(priorFromCurrent, lesion.centroidPatientMm));
    return { number: lesion.number, known: null, change: covered ? 'new' : 'baseline' };
  });
  const gone = prior.lesions.filter((_, column) => !partners.includes(column));
  return { tracks, gone };
}

/** Grown, shrunk or stable, from two volumes of one lesion. */
export function changeOf(volumeMm3: number, priorVolumeMm3: number, { change }: ResponseCriteria): LesionChange {
  if (Math.abs(volumeMm3 - priorVolumeMm3) < change.minimumVolumeChangeMm3) return 'stable';
  const ratio = volumeMm3 / priorVolumeMm3;
  if (ratio >= change.grownVolumeRatio) return 'grown';
  return ratio <= change.shrunkVolumeRatio ? 'shrunk' : 'stable';
}

/** For each pair that shares space: the share of the current lesion that lies in the known one. */
function countOverlaps(current: LabelMap, prior: LabelMap, priorFromCurrent: Affine): Map<string, number> {
  const m = multiplyAffine(
    invertAffine(prior.patientFromVoxel),
    multiplyAffine(priorFromCurrent, current.patientFromVoxel),
  );
  const [nx, ny] = current.shape;
  const [px, py, pz] = prior.shape;
  const shared = new Map<string, number>();
  const sizes = new Map<number, number>();
  current.voxels.forEach((label, index) => {
    if (label === 0) return;
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
    const voxel: Vector3 = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
    const [x, y, z] = applyAffine(m, voxel).map(Math.round);
    if (x < 0 || y < 0 || z < 0 || x >= px || y >= py || z >= pz) return;
    const known = prior.voxels[x + px * (y + py * z)];
    if (known) shared.set(`${label} ${known}`, (shared.get(`${label} ${known}`) ?? 0) + 1);
  });
  return new Map([...shared].map(([pair, count]) => [pair, count / sizes.get(Number(pair.split(' ')[0]))!]));
}

const equivalentRadiusMm = ({ volumeMm3 }: FoundLesion): number => Math.cbrt((3 * volumeMm3) / (4 * Math.PI));

const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Whether a patient point lies within the grid of `labels`. */
function contains({ shape, patientFromVoxel }: LabelMap, point: Vector3): boolean {
  return applyAffine(invertAffine(patientFromVoxel), point).every(
    (value, axis) => value >= 0 && value <= shape[axis] - 1,
  );
}
