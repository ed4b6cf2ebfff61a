import { applyAffine, type Vector3 } from '../imaging/affine.js';
import { LatticeNoise } from './lattice-noise.js';
import { voxelIndexAt, type SourceHead } from './head.js';
import type { Random } from './random.js';
import { unreached, waysToRoots } from './shortest-paths.js';
import type { Phase, Tube } from './tube.js';

/** A tree of vessels that share their blood. */
export interface Network {
  readonly phase: Phase;
  readonly signal: number;
  /** How many of its ends are drawn. */
  readonly ends: number;
  /** Radius of a vessel with one end; where vessels meet their cubes add up (Murray's law). */
  readonly endRadiusMm: number;
  readonly largestRadiusMm: number;
}

/**
 * Vessels in the subarachnoid space: from ends in the sulci the cheapest ways lead through fluid to the roots, meeting on the way, so
 * that they run with the sulci, taper, and branch as veins to a sinus and arteries from their trunks do.
 *
 * @param roots voxels of the sinuses or trunks.
 * @returns tubes in source space.
 */
function vesselNetwork(head: SourceHead, roots: Iterable<number>, network: Network, random: Random): Tube[] {
  const { shape } = head.image;
  const next = waysToRoots(roots, wayCosts(head, random.fork('costs')), shape);
  const ends = drawEnds(next, head.vesselSpace, network.ends, random.fork('ends'));
  // How many ends each voxel serves.
  const served = new Map<number, number>();
  for (const end of ends)
    for (let at = end; ; at = next[at]) {
      served.set(at, (served.get(at) ?? 0) + 1);
      if (next[at] === at) break;
    }
  const radiusAt = (index: number) =>
    Math.min(network.largestRadiusMm, network.endRadiusMm * Math.cbrt(served.get(index)!));
  /** Where the vessels that are drawn pass a voxel. */
  const drawn = new Map<number, Vector3>();
  return ends.flatMap((end) => {
    // From the end to where another vessel is met, or a root.
    const way = [end];
    for (let at = end; !drawn.has(at) && next[at] !== at; at = next[at]) way.push(next[at]);
    const course = smoothCourse(way, head, drawn.get(way[way.length - 1]));
    course.forEach((point, n) => drawn.set(way[n], point));
    return tubesAlongCourse(way, course, radiusAt, network);
  });
}

/** Costs vary smoothly from place to place, which makes the ways bend. */
function wayCosts({ vesselSpace, image: { shape } }: SourceHead, random: Random): Uint8Array {
  const [nx, ny, nz] = shape;
  const noise = new LatticeNoise(shape, 4, random);
  const cost = new Uint8Array(vesselSpace.length);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = noise.row(j, k);
      const start = nx * (j + ny * k);
      for (let i = 0; i < nx; i++)
        if (vesselSpace[start + i]) cost[start + i] = Math.min(24, Math.max(1, Math.round(7 + 5 * row[i])));
    }
  return cost;
}

/** Random voxels of the space that a way leads from. */
function drawEnds(next: Int32Array, space: Uint8Array, count: number, random: Random): number[] {
  const ends: number[] = [];
  for (let trial = 0; ends.length < count && trial < 400 * count; trial++) {
    const index = random.integer(next.length);
    if (space[index] && next[index] !== unreached) ends.push(index);
  }
  return ends;
}

/** A way along voxels as a smooth line, its ends where they are; the last is `meeting` where another vessel is met there. */
function smoothCourse(way: readonly number[], { image }: SourceHead, meeting?: Vector3): Vector3[] {
  const [nx, ny] = image.shape;
  const points = way.map((index) =>
    applyAffine(image.patientFromVoxel, [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))]),
  );
  if (meeting) points[points.length - 1] = meeting;
  for (let round = 0; round < 3; round++)
    for (let n = 1; n < points.length - 1; n++)
      points[n] = [0, 1, 2].map(
        (axis) => (points[n - 1][axis] + 2 * points[n][axis] + points[n + 1][axis]) / 4,
      ) as unknown as Vector3;
  return points;
}

/** A chain of tubes of two steps each. */
function tubesAlongCourse(
  way: readonly number[],
  course: readonly Vector3[],
  radiusAt: (index: number) => number,
  { signal, phase }: Network,
): Tube[] {
  const knots = course.map((_, n) => n).filter((n) => n % 2 === 0 || n === course.length - 1);
  return knots.slice(1).map((to, piece) => ({
    from: course[knots[piece]],
    to: course[to],
    fromRadiusMm: radiusAt(way[knots[piece]]),
    toRadiusMm: radiusAt(way[to]),
    signal,
    phase,
  }));
}

/** The voxels nearest to points of tubes that are wide enough to have others drain into them or spring from them. */
export function rootsAt(head: SourceHead, tubes: readonly Tube[]): Set<number> {
  const roots = new Set<number>();
  for (const { from, to } of tubes)
    for (const point of [from, to]) {
      const index = voxelIndexAt(head, point);
      if (index >= 0) roots.add(index);
    }
  return roots;
}

/**
 * The vessels of the surface: veins that drain into sinuses, and branches of the great arteries.
 *
 * @param sinuses voxels of the sinuses.
 * @param arteries the great arteries, source space.
 */
export function surfaceVessels(
  head: SourceHead,
  sinuses: Iterable<number>,
  arteries: readonly Tube[],
  random: Random,
): { readonly 'cortical veins': Tube[]; readonly 'arterial branches': Tube[] } {
  const density = random.uniform(0.5, 1.6);
  const veins: Network = {
    phase: 'venous',
    signal: random.uniform(1.3, 2.1),
    ends: Math.round(170 * density),
    endRadiusMm: random.uniform(0.28, 0.44),
    largestRadiusMm: random.uniform(1, 1.8),
  };
  const branches: Network = {
    phase: 'arterial',
    signal: random.uniform(1.3, 2.1),
    ends: Math.round(150 * density),
    endRadiusMm: random.uniform(0.22, 0.38),
    largestRadiusMm: random.uniform(0.7, 1),
  };
  return {
    'cortical veins': vesselNetwork(head, sinuses, veins, random.fork('veins')),
    'arterial branches': vesselNetwork(head, rootsAt(head, arteries), branches, random.fork('branches')),
  };
}
