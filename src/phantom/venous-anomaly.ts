import type { Vector3 } from '../imaging/affine.js';
import type { SourceHead } from './head.js';
import type { Random } from './random.js';
import type { Tube } from './tube.js';
import { isWhite, randomPoint, walkVessel } from './white-matter-vessels.js';

/**
 * A developmental venous anomaly, source space: thin medullary veins that meet in the white matter like the snakes of a
 * Medusa's head, and the wide vein that drains them to the surface. Enhances, stays as it is, and is no metastasis.
 */
export function venousAnomaly(head: SourceHead, random: Random): Tube[] {
  const hub = randomPoint(head, random, isWhite(head));
  if (!hub) return [];
  const signal = random.uniform(1.35, 1.85);
  const phase = 'venous' as const;
  // Away from the middle of the brain, to the cortex.
  const outward: Vector3 = [hub[0], hub[1] - 18, hub[2] - 12];
  const radiusMm = random.uniform(0.8, 1.6);
  const collector = { start: hub, direction: outward, lengthMm: 60, radiusMm, signal, phase, tortuosity: 0.25, branching: 0 }; // prettier-ignore
  const roots = Array.from({ length: 6 + random.integer(9) }, () => {
    const [x, y, z] = random.direction();
    const lengthMm = random.uniform(7, 20);
    const step = (share: number, bendMm: number): Vector3 => [
      hub[0] + share * lengthMm * x + random.normal(0, bendMm),
      hub[1] + share * lengthMm * y + random.normal(0, bendMm),
      hub[2] + share * lengthMm * z + random.normal(0, bendMm),
    ];
    const points = [hub, step(0.35, 0.5), step(0.7, 0.8), step(1, 1)];
    const widest = random.uniform(0.3, 0.55);
    return points.slice(1).map((to, index): Tube => ({
      from: points[index],
      to,
      fromRadiusMm: widest * (1 - 0.25 * index),
      toRadiusMm: widest * (0.75 - 0.25 * index),
      signal,
      phase,
    })); // prettier-ignore
  }).flat();
  return [...walkVessel(head, collector, random.fork('collector')), ...roots];
}
