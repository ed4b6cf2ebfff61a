import type { ResponseCriteria } from '../../model/criteria.js';
import type { LesionIdentity } from '../../model/lesion.js';
import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../imaging/affine.js';
import { voxelVolumeMm3, type LabelMap } from '../../imaging/volume.js';
import { assign } from './assignment.js';

/** A measured lesion; its voxels carry `number` in the label map. */
export interface FoundLesion {
  readonly number: number;
  readonly volumeMm3: number;
  readonly centroidPatientMm: Vector3;
  /** Who it is, where a reader has said so. */
  readonly named?: LesionIdentity | null;
}

/** A lesion of another time point, with the identity it already has. */
export interface KnownLesion extends FoundLesion, LesionIdentity {}

/** Lesions and the map that holds them; labels of lesions that are not listed count as background. */
export interface LesionsOnGrid<Lesion extends FoundLesion> {
  readonly lesions: readonly Lesion[];
  readonly labels: LabelMap;
}

/** What a current lesion is at the other time point. */
export interface LesionMatch {
  readonly number: number;
  /** The same lesion; null when it has none there. */
  readonly known: KnownLesion | null;
  /** Others there that lie in this one now, themselves without a lesion of their own. */
  readonly mergedFrom: readonly KnownLesion[];
  /** The lesion there that this one is a part of, while another part is its match. */
  readonly splitFrom: KnownLesion | null;
}

/**
 * Matches current lesions with those of another time point as an assignment problem, one to one: the pairs that overlap most
 * and lie nearest win. One that a reader has named is matched by its name alone. What stays alone but lies mostly in a lesion
 * that has a partner has merged with it, or split from it.
 *
 * @param knownFromCurrent patient space of the current source → that of the other time point's source, LPS mm.
 */
export function matchLesions(
  current: LesionsOnGrid<FoundLesion>,
  other: LesionsOnGrid<KnownLesion>,
  knownFromCurrent: Affine,
  { identity }: ResponseCriteria,
): LesionMatch[] {
  const shared = sharedVolumes(current.labels, other.labels, knownFromCurrent);
  const sharedMm3 = (lesion: FoundLesion, known: FoundLesion) => shared.get(pairOf(lesion.number, known.number)) ?? 0;
  const cost = current.lesions.map((lesion) => {
    const centroid = applyAffine(knownFromCurrent, lesion.centroidPatientMm);
    return other.lesions.map((known) => {
      const common = sharedMm3(lesion, known);
      const gapMm =
        distance(centroid, known.centroidPatientMm) - equivalentRadiusMm(lesion) - equivalentRadiusMm(known);
      if (lesion.named) return lesion.named.trackingUID === known.trackingUID ? -1e6 : Infinity;
      if (common === 0 && gapMm > identity.maximumGapMm) return Infinity;
      // What both have in common comes first, nearness second: a speck inside a large lesion's old outline is not that lesion.
      const jaccard = common / (lesion.volumeMm3 + known.volumeMm3 - Math.min(common, known.volumeMm3));
      return -1000 * jaccard - 1 / (1 + Math.max(gapMm, 0));
    });
  });
  const partners = assign(cost);
  /** Of those with a partner, the one that holds most of a lesion without. */
  const holder = <Whole>(wholes: readonly Whole[], commonMm3: (whole: Whole) => number, volumeMm3: number) => {
    const [best] = [...wholes].sort((a, b) => commonMm3(b) - commonMm3(a));
    return best !== undefined && commonMm3(best) >= identity.familyShare * volumeMm3 ? best : null;
  };
  const followed = current.lesions.filter((_, row) => partners[row] !== null);
  const absorbed = other.lesions
    .filter((_, column) => !partners.includes(column))
    .map((known) => ({ known, by: holder(followed, (lesion) => sharedMm3(lesion, known), known.volumeMm3) }));
  const persisting = other.lesions.filter((_, column) => partners.includes(column));
  return current.lesions.map((lesion, row): LesionMatch => {
    const column = partners[row];
    return {
      number: lesion.number,
      known: column === null ? null : other.lesions[column],
      mergedFrom: absorbed.filter(({ by }) => by === lesion).map(({ known }) => known),
      splitFrom: column === null ? holder(persisting, (known) => sharedMm3(lesion, known), lesion.volumeMm3) : null,
    };
  });
}

/** mm³ that a current and a known lesion share, for each pair that shares any: voxels of the current grid. */
function sharedVolumes(current: LabelMap, other: LabelMap, otherFromCurrent: Affine): Map<string, number> {
  const m = multiplyAffine(
    invertAffine(other.patientFromVoxel),
    multiplyAffine(otherFromCurrent, current.patientFromVoxel),
  );
  const [nx, ny] = current.shape;
  const [px, py, pz] = other.shape;
  const voxelMm3 = voxelVolumeMm3(current);
  const shared = new Map<string, number>();
  for (let index = 0; index < current.voxels.length; index++) {
    const label = current.voxels[index];
    if (label === 0) continue;
    const voxel: Vector3 = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
    const [x, y, z] = applyAffine(m, voxel).map(Math.round);
    if (x < 0 || y < 0 || z < 0 || x >= px || y >= py || z >= pz) continue;
    const known = other.voxels[x + px * (y + py * z)];
    if (known) shared.set(pairOf(label, known), (shared.get(pairOf(label, known)) ?? 0) + voxelMm3);
  }
  return shared;
}

const pairOf = (number: number, known: number): string => `${number} ${known}`;

const equivalentRadiusMm = ({ volumeMm3 }: FoundLesion): number => Math.cbrt((3 * volumeMm3) / (4 * Math.PI));

const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
