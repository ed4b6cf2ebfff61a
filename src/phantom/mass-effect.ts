import type { Vector3 } from '../imaging/affine.js';
import { middleOf, type PlacedLesion } from './lesion.js';
import { sphereDiameterMm } from './lesion-history.js';

/** A ball that has grown between tissue and moved it aside without compressing it. */
interface Push {
  readonly centreMm: Vector3;
  /** mm³ of room that was made. */
  readonly cubeMm3: number;
}

/** What the lesions of one time point push aside. */
export const pushesOf = (lesions: readonly PlacedLesion[]): Push[] =>
  lesions
    .filter(({ push }) => push > 0)
    .map(({ push, shape, centreMm, volumeMm3 }) => ({
      centreMm: middleOf(shape, centreMm, volumeMm3),
      cubeMm3: push * (sphereDiameterMm(volumeMm3) / 2) ** 3,
    }));

/** Moves a point along the ray from a push's middle so that its distance cubed changes by `byMm3`. */
function along({ centreMm }: Push, point: Vector3, byMm3: number): Vector3 {
  const d = [point[0] - centreMm[0], point[1] - centreMm[1], point[2] - centreMm[2]];
  const distance = Math.hypot(d[0], d[1], d[2]);
  if (distance < 1e-6) return point;
  const share = Math.cbrt(Math.max(0, distance ** 3 + byMm3)) / distance;
  return [centreMm[0] + share * d[0], centreMm[1] + share * d[1], centreMm[2] + share * d[2]];
}

/** Where the tissue at a point lay before it was pushed aside; head space. */
export const beforePushes = (pushes: readonly Push[], point: Vector3): Vector3 =>
  pushes.reduce((at, push) => along(push, at, -push.cubeMm3), point);

/** Where tissue lies after it was pushed aside: the inverse of {@link beforePushes} outside the pushing balls. */
export const afterPushes = (pushes: readonly Push[], point: Vector3): Vector3 =>
  pushes.reduceRight((at, push) => along(push, at, push.cubeMm3), point);
