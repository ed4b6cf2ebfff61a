import type { Vector3 } from '../imaging/affine.js';
import { fromMni } from './dura.js';
import type { Random } from './random.js';
import { intensityAt, type SourceHead } from './head.js';
import type { Tube } from './tube.js';

/** Courses of the choroid plexus in MNI (RAS, right side): body, atrium, temporal horn; and the fourth ventricle's roof. */
const courses = [
  [[8, 0, 18], [12, -14, 22], [17, -28, 20], [22, -38, 14], [24, -40, 7], [26, -34, -2], [30, -24, -10]],
  [[2, -48, -36], [9, -46, -38]],
] as const; // prettier-ignore

/** Choroid plexus: lumpy strings of small blobs in the ventricles, thickest in the atria (the glomus); source space. */
export function choroidPlexus(head: SourceHead, random: Random): Tube[] {
  const tubes: Tube[] = [];
  const signal = random.uniform(1, 1.6);
  const size = random.uniform(0.7, 1.35);
  for (const hand of [1, -1])
    for (const course of courses)
      for (let index = 0; index < course.length - 1; index++) {
        const [a, b] = [course[index], course[index + 1]];
        const length = Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
        for (let along = 0; along < length; along += 1.2) {
          const t = along / length;
          const mid = [0, 1, 2].map((axis) => a[axis] + t * (b[axis] - a[axis]));
          const glomus = Math.exp(-(((mid[1] + 38) / 6) ** 2));
          const spread = 0.8 + 1.2 * glomus;
          const at = darkestNear(head, fromMni(hand * mid[0], mid[1], mid[2]), random, spread);
          // Plexus floats in CSF: where no ventricle is near there is none.
          if (intensityAt(head, at) > 0.5 * (head.levels.csf + head.levels.grey)) continue;
          const radius = size * (0.7 + 1.3 * glomus) * random.uniform(0.6, 1.4);
          const value = signal * random.uniform(0.8, 1.15);
          tubes.push({ from: at, to: at, fromRadiusMm: radius, toRadiusMm: radius, signal: value, phase: 'tissue' });
        }
      }
  return tubes;
}

/** The darkest of a few random points around `at`. */
function darkestNear(head: SourceHead, at: Vector3, random: Random, spreadMm: number): Vector3 {
  let best = at;
  let darkest = Infinity;
  for (let trial = 0; trial < 10; trial++) {
    const point: Vector3 = [
      at[0] + random.normal(0, spreadMm),
      at[1] + random.normal(0, spreadMm),
      at[2] + random.normal(0, spreadMm),
    ];
    const value = intensityAt(head, point);
    if (value < darkest) [darkest, best] = [value, point];
  }
  return best;
}
