import type { Vector3 } from '../imaging/affine.js';
import { brainRadius, fromMni, midlineContour } from './dura.js';
import type { Random } from './random.js';
import type { SourceHead } from './head.js';
import type { Phase, Tube } from './tube.js';

interface Path {
  readonly points: readonly Vector3[];
  /** Radius at the first and at the last point, in between linear. */
  readonly radiiMm: readonly [number, number];
  readonly signal: number;
  readonly phase: Phase;
  /** Standard deviation of the wobble of inner points. */
  readonly wobbleMm?: number;
  /** Pulls points of the smooth course aside, e.g. into the nearest sulcus. */
  readonly snap?: (point: Vector3) => Vector3;
}

/** A chain of tubes through a path's points, subdivided by Catmull–Rom so that bends are round. */
export function tubesAlong({ points, radiiMm, signal, phase, wobbleMm = 0, snap }: Path, random: Random): Tube[] {
  const moved = points.map((point, index): Vector3 => {
    const inner = index > 0 && index < points.length - 1;
    const wobble = () => (inner && wobbleMm ? random.normal(0, wobbleMm) : 0);
    return [point[0] + wobble(), point[1] + wobble(), point[2] + wobble()];
  });
  const fine: Vector3[] = [];
  for (let index = 0; index < moved.length - 1; index++) {
    const [p0, p1, p2, p3] = [-1, 0, 1, 2].map((d) => moved[Math.min(moved.length - 1, Math.max(0, index + d))]);
    const length = Math.hypot(p2[0] - p1[0], p2[1] - p1[1], p2[2] - p1[2]);
    const steps = Math.max(1, Math.ceil(length / 3));
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      const at = (axis: number) =>
        0.5 *
        (2 * p1[axis] +
          (p2[axis] - p0[axis]) * t +
          (2 * p0[axis] - 5 * p1[axis] + 4 * p2[axis] - p3[axis]) * t * t +
          (3 * p1[axis] - p0[axis] - 3 * p2[axis] + p3[axis]) * t * t * t);
      fine.push([at(0), at(1), at(2)]);
    }
  }
  fine.push(moved[moved.length - 1]);
  if (snap) followSnapped(fine, snap);
  const radius = (index: number) => radiiMm[0] + ((radiiMm[1] - radiiMm[0]) * index) / (fine.length - 1);
  return fine.slice(1).map((to, index) => ({
    from: fine[index],
    to,
    fromRadiusMm: radius(index),
    toRadiusMm: radius(index + 1),
    signal,
    phase,
  }));
}

/** Snaps all inner points of a course and smooths it, so that it does not zigzag. */
function followSnapped(course: Vector3[], snap: (point: Vector3) => Vector3): void {
  const snapped = course.map(snap);
  for (let index = 1; index < course.length - 1; index++) {
    const [a, b, c] = [snapped[index - 1], snapped[index], snapped[index + 1]];
    course[index] = [(a[0] + 2 * b[0] + c[0]) / 4, (a[1] + 2 * b[1] + c[1]) / 4, (a[2] + 2 * b[2] + c[2]) / 4];
  }
}

/** A ray from `origin` through `waypoint` to the brain's border, `outMm` beyond it. */
function snapToBorder(head: SourceHead, origin: Vector3, waypoint: Vector3, outMm: number): Vector3 {
  const d = [0, 1, 2].map((axis) => waypoint[axis] - origin[axis]);
  const length = Math.hypot(d[0], d[1], d[2]);
  const direction: Vector3 = [d[0] / length, d[1] / length, d[2] / length];
  const border = brainRadius(head, origin, direction);
  // A waypoint that misses the brain altogether stays where the atlas has it.
  const radius = border > 0 && Math.abs(border - length) < 15 ? border + outMm : length;
  return [origin[0] + radius * direction[0], origin[1] + radius * direction[1], origin[2] + radius * direction[2]];
}

/**
 * The large enhancing structures at the skull's inner side: superior sagittal, straight, transverse, sigmoid sinuses,
 * torcula and vein of Galen, in the source head's space (LPS mm).
 */
export function duralSinuses(head: SourceHead, random: Random): Tube[] {
  const signal = random.uniform(1.3, 1.85);
  const size = random.uniform(0.8, 1.2);
  const phase = 'venous' as const;
  const tubes: Tube[] = [];
  const add = (path: Omit<Path, 'signal' | 'phase'>) => tubes.push(...tubesAlong({ signal, phase, ...path }, random));

  // Triangular in cross-section: a thick ridge tube, a thinner one towards the falx, two at the corners.
  const contour = midlineContour(head);
  const side = random.uniform(-1, 1);
  const last = contour.length - 1;
  const ridge = (outMm: number, x: number): Vector3[] =>
    contour.map(({ point, angleDeg }, index) => {
      const angle = (angleDeg * Math.PI) / 180;
      const share = index / last;
      return [x * (0.3 + share) + side * share, point[1] - outMm * Math.cos(angle), point[2] + outMm * Math.sin(angle)];
    });
  const back = 3.1 * size;
  add({ points: ridge(0.5, 0), radiiMm: [0.9, back] });
  add({ points: ridge(-2.2, 0), radiiMm: [0.5, back * 0.55] });
  add({ points: ridge(1.5, back * 0.75), radiiMm: [0.3, back * 0.55] });
  add({ points: ridge(1.5, -back * 0.75), radiiMm: [0.3, back * 0.55] });

  const torcula = contour[last].point;
  tubes.push(blob(torcula, back * random.uniform(1, 1.3), signal, phase));
  const galen = fromMni(0, -42, 8);
  add({ points: [galen, fromMni(0, -60, 2), torcula], radiiMm: [1.5 * size, 2.1 * size], wobbleMm: 0.8 });
  add({ points: [fromMni(0, -34, 10), fromMni(0, -40, 12), galen], radiiMm: [1.6 * size, 2 * size] });

  // One side usually drains more than the other.
  const dominant = random.chance(0.6) ? 1 : -1;
  for (const hand of [1, -1]) {
    const r = size * (hand === dominant ? random.uniform(3, 4.4) : random.uniform(1.3, 3.4));
    const out = 0.35 * r;
    const rim = (x: number, y: number, z: number) =>
      snapToBorder(head, fromMni(hand * 18, -52, z + 4), fromMni(hand * x, y, z), out);
    const transverse = [rim(22, -96, -18), rim(38, -86, -22), rim(50, -72, -25), rim(56, -58, -27)];
    add({ points: [torcula, ...transverse], radiiMm: [r, r * 0.95], wobbleMm: 0.7 });
    // Flattened against the skull: a second, thinner tube beside the first.
    const beside = [torcula, ...transverse].map(([x, y, z]): Vector3 => [x, y, z - 0.9 * r]);
    add({ points: beside, radiiMm: [r * 0.6, r * 0.7], wobbleMm: 0.5 });
    const sigmoid = [
      transverse[3],
      rim(54, -46, -34),
      rim(46, -42, -44),
      fromMni(hand * 38, -36, -54),
      fromMni(hand * 30, -34, -62),
      fromMni(hand * 28, -32, -76),
    ];
    add({ points: sigmoid, radiiMm: [r, r * 1.15], wobbleMm: 0.8 });
    add({
      points: sigmoid.map(([x, y, z]): Vector3 => [x, y + 0.8 * r, z]),
      radiiMm: [r * 0.7, r * 0.8],
      wobbleMm: 0.6,
    });
    tubes.push(blob(sigmoid[4], r * random.uniform(1.2, 1.6), signal * 0.95, phase));
  }
  return tubes;
}

const blob = (at: Vector3, radiusMm: number, signal: number, phase: Phase): Tube => ({
  from: at,
  to: at,
  fromRadiusMm: radiusMm,
  toRadiusMm: radiusMm,
  signal,
  phase,
});

/** Cavernous sinuses as lumps around the carotid, source space (LPS mm). */
export function cavernousSinuses(random: Random): Tube[] {
  const signal = random.uniform(1.2, 1.75);
  const lumps = [
    [12, -12, -30],
    [13, -6, -27],
    [13, 0, -25],
    [12, 6, -25],
  ] as const;
  return [1, -1].flatMap((hand) =>
    lumps.map(([x, y, z]) =>
      blob(fromMni(hand * (x + random.normal(0, 0.8)), y, z), random.uniform(2, 3.6), signal, 'venous'),
    ),
  );
}

/** Pituitary and its stalk, source space (LPS mm). */
export function pituitary(random: Random): Tube[] {
  const signal = random.uniform(1.2, 1.75);
  const x = random.normal(0, 0.7);
  const stalk = { points: [fromMni(0, 1, -26), fromMni(0, 0, -18)], radiiMm: [0.9, 0.7] as const };
  // Wider than high.
  return [
    { ...blob(fromMni(x - 2.5, 2, -30), random.uniform(2.2, 3.4), signal, 'tissue'), to: fromMni(x + 2.5, 2, -30) },
    ...tubesAlong({ ...stalk, signal, phase: 'tissue' }, random),
  ];
}
