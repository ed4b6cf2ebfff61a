import type { Vector3 } from '../imaging/affine.js';
import { fromMni } from './dura.js';
import type { Random } from './random.js';
import { tubesAlong } from './sinuses.js';
import { intensityAt, type SourceHead } from './head.js';
import type { Phase, Tube } from './tube.js';

type Point = readonly [x: number, y: number, z: number];

/** Courses in MNI (RAS, right side); radius at either end in mm. */
const paired: readonly { readonly points: readonly Point[]; readonly radiiMm: readonly [number, number] }[] = [
  { points: [[24, -28, -62], [22, -24, -44], [20, -14, -36], [12, -8, -32], [13, 2, -27], [12, 6, -22], [15, 2, -16]], radiiMm: [2.2, 1.9] }, // internal carotid
  { points: [[15, 2, -16], [22, 4, -18], [30, 4, -17], [37, 3, -14]], radiiMm: [1.6, 1.3] }, // middle cerebral, M1
  { points: [[37, 3, -14], [41, 4, -6], [42, -2, 4], [43, -12, 12], [48, -24, 16], [56, -36, 20]], radiiMm: [1.2, 0.6] }, // M2, upper
  { points: [[37, 3, -14], [42, -4, -10], [43, -16, -2], [46, -30, 6], [54, -44, 8]], radiiMm: [1.2, 0.6] }, // M2, lower
  { points: [[15, 2, -16], [8, 8, -15], [3, 12, -12]], radiiMm: [1.2, 1.1] }, // anterior cerebral, A1
  { points: [[3, 12, -12], [2, 26, -8], [2, 36, 4], [2, 34, 20], [2, 18, 32], [2, -6, 36], [2, -26, 38]], radiiMm: [1.1, 0.6] }, // A2, pericallosal
  { points: [[2, 36, 4], [3, 48, 14], [3, 46, 34], [3, 30, 48], [3, 4, 54]], radiiMm: [0.9, 0.5] }, // callosomarginal
  { points: [[0, -12, -17], [9, -14, -16], [20, -24, -14], [24, -36, -8], [16, -56, 0], [12, -74, 4], [10, -88, 6]], radiiMm: [1.3, 0.6] }, // posterior cerebral
  { points: [[14, -2, -17], [12, -8, -17], [9, -14, -16]], radiiMm: [0.7, 0.7] }, // posterior communicating
  { points: [[0, -8, -22], [10, -12, -21], [19, -24, -19], [22, -38, -18], [16, -54, -14]], radiiMm: [0.8, 0.5] }, // superior cerebellar
  { points: [[0, -10, -35], [10, -14, -37], [18, -26, -38], [28, -38, -42], [36, -50, -44]], radiiMm: [0.7, 0.5] }, // anterior inferior cerebellar
  { points: [[7, -34, -68], [6, -30, -56], [0, -23, -48]], radiiMm: [1.5, 1.4] }, // vertebral
  { points: [[7, -32, -60], [14, -42, -54], [10, -52, -50], [16, -64, -52]], radiiMm: [0.8, 0.5] }, // posterior inferior cerebellar
]; // prettier-ignore

/** Deep veins, paired: internal cerebral, basal (Rosenthal), thalamostriate, the Sylvian and Labbé's. */
const veins: typeof paired = [
  { points: [[2, -2, 12], [2, -18, 15], [2, -34, 12]], radiiMm: [0.8, 1.1] },
  { points: [[14, -4, -16], [18, -14, -12], [16, -28, -6], [6, -38, 4], [0, -42, 8]], radiiMm: [0.6, 1] },
  { points: [[22, -16, 22], [14, -6, 16], [3, -2, 12]], radiiMm: [0.5, 0.8] },
  { points: [[52, -20, 14], [50, 0, 2], [44, 12, -12], [30, 12, -22], [14, 6, -26]], radiiMm: [0.8, 1.2] },
  { points: [[56, -20, 8], [62, -34, -2], [60, -48, -16], [54, -56, -27]], radiiMm: [0.7, 1.4] },
]; // prettier-ignore

/** The darkest voxel (cistern, sulcus) within a cube of ±`reachMm`, slightly preferring the middle. */
function darkestWithin(head: SourceHead, [x, y, z]: Vector3, reachMm: number): Vector3 {
  let best: Vector3 = [x, y, z];
  let darkest = Infinity;
  for (let dz = -reachMm; dz <= reachMm; dz++)
    for (let dy = -reachMm; dy <= reachMm; dy++)
      for (let dx = -reachMm; dx <= reachMm; dx++) {
        const point: Vector3 = [x + dx, y + dy, z + dz];
        const value = intensityAt(head, point) + 2 * Math.hypot(dx, dy, dz);
        if (value < darkest) [darkest, best] = [value, point];
      }
  return best;
}

/** Single courses in the midline: the basilar and the anterior communicating artery. */
const middle: typeof paired = [
  { points: [[0, -23, -48], [0, -15, -42], [1, -9, -33], [0, -8, -24], [0, -12, -17]], radiiMm: [1.7, 1.5] },
  { points: [[3, 12, -12], [0, 13, -12], [-3, 12, -12]], radiiMm: [0.7, 0.7] },
]; // prettier-ignore

/** The vessels that have names, each wobbled and sized for this patient; source space, LPS mm. */
export interface NamedVessels {
  /** The circle of Willis and the great branches. */
  readonly arteries: Tube[];
  readonly 'deep veins': Tube[];
}

/** Draws a patient's named vessels. */
export function namedVessels(head: SourceHead, random: Random): NamedVessels {
  const arterial = random.uniform(1.35, 2);
  const venous = random.uniform(1.3, 1.8);
  const size = random.uniform(0.65, 1);
  const along = ({ points, radiiMm }: (typeof paired)[number], hand: number, signal: number, phase: Phase) => {
    const scale = size * random.uniform(0.8, 1.15);
    return tubesAlong(
      {
        points: points.map(([x, y, z]) => darkestWithin(head, fromMni(hand * x, y, z), 3)),
        radiiMm: [radiiMm[0] * scale, radiiMm[1] * scale],
        signal,
        phase,
        wobbleMm: 0.6,
        snap: (point) => darkestWithin(head, point, 2),
      },
      random,
    );
  };
  return {
    arteries: [
      ...[1, -1].flatMap((hand) => paired.flatMap((course) => along(course, hand, arterial, 'arterial'))),
      ...middle.flatMap((course) => along(course, 1, arterial, 'arterial')),
    ],
    'deep veins': [1, -1].flatMap((hand) => veins.flatMap((course) => along(course, hand, venous, 'venous'))),
  };
}
