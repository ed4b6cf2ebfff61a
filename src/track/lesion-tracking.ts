import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../volume/affine.js';
import { changeOf } from '../findings/change.js';
import type { LesionChange } from '../findings/lesion.js';
import { voxelVolumeMm3, type LabelMap } from '../volume/volume.js';
import { assign } from './assignment.js';
import type { ResponseCriteria } from '../findings/criteria.js';

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
  const shared = sharedVolumes(current.labels, prior.labels, priorFromCurrent);
  const cost = current.lesions.map((lesion) => {
    const centroid = applyAffine(priorFromCurrent, lesion.centroidPatientMm);
    return prior.lesions.map((known) => {
      const distanceMm = distance(centroid, known.centroidPatientMm);
      const sharedMm3 = shared.get(pairOf(lesion.number, known.number)) ?? 0;
      const gapMm = distanceMm - equivalentRadiusMm(lesion) - equivalentRadiusMm(known);
      if (sharedMm3 === 0 && gapMm > criteria.identity.maximumGapMm) return Infinity;
      // What both have in common comes first, nearness second: a speck inside a large lesion's old outline is not that lesion.
      const jaccard = sharedMm3 / (lesion.volumeMm3 + known.volumeMm3 - Math.min(sharedMm3, known.volumeMm3));
      return -1000 * jaccard - 1 / (1 + Math.max(gapMm, 0));
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

/** mm³ that a current and a known lesion share, for each pair that shares any: voxels of the current grid. */
function sharedVolumes(current: LabelMap, prior: LabelMap, priorFromCurrent: Affine): Map<string, number> {
  const m = multiplyAffine(
    invertAffine(prior.patientFromVoxel),
    multiplyAffine(priorFromCurrent, current.patientFromVoxel),
  );
  const [nx, ny] = current.shape;
  const [px, py, pz] = prior.shape;
  const voxelMm3 = voxelVolumeMm3(current);
  const shared = new Map<string, number>();
  current.voxels.forEach((label, index) => {
    if (label === 0) return;
    const voxel: Vector3 = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
    const [x, y, z] = applyAffine(m, voxel).map(Math.round);
    if (x < 0 || y < 0 || z < 0 || x >= px || y >= py || z >= pz) return;
    const known = prior.voxels[x + px * (y + py * z)];
    if (known) shared.set(pairOf(label, known), (shared.get(pairOf(label, known)) ?? 0) + voxelMm3);
  });
  return shared;
}

const pairOf = (number: number, known: number): string => `${number} ${known}`;

const equivalentRadiusMm = ({ volumeMm3 }: FoundLesion): number => Math.cbrt((3 * volumeMm3) / (4 * Math.PI));

const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Whether a patient point lies within the grid of `labels`. */
function contains({ shape, patientFromVoxel }: LabelMap, point: Vector3): boolean {
  return applyAffine(invertAffine(patientFromVoxel), point).every(
    (value, axis) => value >= 0 && value <= shape[axis] - 1,
  );
}
