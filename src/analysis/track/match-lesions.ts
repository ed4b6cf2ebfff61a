import type { ResponseCriteria } from '../../model/criteria.js';
import type { LesionIdentity } from '../../model/lesion.js';
import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../imaging/affine.js';
import { voxelFromIndex, voxelVolumeMm3, type LabelMap } from '../../imaging/volume.js';
import { assign } from './assignment.js';

/** A measured lesion; its voxels carry `number` in the label map. */
export interface FoundLesion {
  readonly number: number;
  readonly volumeMm3: number;
  readonly centroidPatientMm: Vector3;
  /** Its identity, where a reader has given one. */
  readonly named?: LesionIdentity | null;
}

/** A lesion of another time point, with the identity it already has. */
export interface KnownLesion extends FoundLesion, LesionIdentity {}

/** Lesions and the map that holds them; labels that are not listed count as background. */
export interface LesionsOnGrid<Lesion extends FoundLesion> {
  readonly lesions: readonly Lesion[];
  readonly labels: LabelMap;
}

/** The counterpart of a current lesion at the other time point. */
export interface LesionMatch {
  readonly number: number;
  /** The same lesion; null if it has no counterpart there. */
  readonly known: KnownLesion | null;
  /** Other lesions there that lie inside this one now and have no counterpart of their own. */
  readonly mergedFrom: readonly KnownLesion[];
  /** The lesion there of which this one is a part, while another part is its counterpart. */
  readonly splitFrom: KnownLesion | null;
}

/**
 * Matches current lesions one to one with those of another time point, as an assignment problem: the pairs that overlap
 * most and lie nearest win. A lesion that a reader has named is matched by its identity alone. A lesion without a
 * partner that lies mostly inside one that has a partner has merged with it or split from it.
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
      // Overlap comes first, distance second: a speck inside the old outline of a large lesion is not that lesion.
      const jaccard = common / (lesion.volumeMm3 + known.volumeMm3 - Math.min(common, known.volumeMm3));
      return -1000 * jaccard - 1 / (1 + Math.max(gapMm, 0));
    });
  });
  const partners = assign(cost);
  /** Of those with a partner, the one that holds most of a lesion without one. */
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

/**
 * The volume in mm³ that a current and a known lesion share, for each pair that shares any, in voxels of the current
 * grid.
 */
function sharedVolumes(current: LabelMap, other: LabelMap, otherFromCurrent: Affine): Map<string, number> {
  const m = multiplyAffine(
    invertAffine(other.patientFromVoxel),
    multiplyAffine(otherFromCurrent, current.patientFromVoxel),
  );
  const [px, py, pz] = other.shape;
  const voxelMm3 = voxelVolumeMm3(current);
  const shared = new Map<string, number>();
  for (let index = 0; index < current.voxels.length; index++) {
    const label = current.voxels[index];
    if (label === 0) continue;
    const [x, y, z] = applyAffine(m, voxelFromIndex(index, current.shape)).map(Math.round);
    if (x < 0 || y < 0 || z < 0 || x >= px || y >= py || z >= pz) continue;
    const known = other.voxels[x + px * (y + py * z)];
    if (known) shared.set(pairOf(label, known), (shared.get(pairOf(label, known)) ?? 0) + voxelMm3);
  }
  return shared;
}

const pairOf = (number: number, known: number): string => `${number} ${known}`;

const equivalentRadiusMm = ({ volumeMm3 }: FoundLesion): number => Math.cbrt((3 * volumeMm3) / (4 * Math.PI));

const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
