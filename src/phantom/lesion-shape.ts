import type { Vector3 } from '../imaging/affine.js';
import type { Random } from './random.js';

/** One ball of a lesion, in units of the lesion's radius. */
export interface Ball {
  readonly offset: Vector3;
  readonly radius: number;
}

/** A lesion's form at unit size: a union of balls whose radius varies smoothly with direction. */
export interface LesionShape {
  readonly balls: readonly Ball[];
  readonly bumps: readonly { readonly direction: Vector3; readonly height: number }[];
  /** Waves through the lesion (radians per radius) that roughen its surface, its rim and its inside. */
  readonly waves: readonly { readonly frequency: Vector3; readonly phase: number }[];
  /** Height of the waves on the surface, in radii. */
  readonly roughness: number;
  /**
   * Where the lesion sits on dura: nothing of it lies beyond the plane through the origin with this outward normal. Null for
   * a lesion within the brain.
   */
  readonly outward: Vector3 | null;
  /** mm³ at radius 1 mm; a lesion of volume v has radius ∛(v / unitVolume). */
  readonly unitVolume: number;
  /** Centre of the volume, in radii; the origin for a lesion within the brain. */
  readonly centroid: Vector3;
}

/** What a form is drawn for. */
export interface Form {
  readonly lobes: number;
  readonly roughness: number;
  /** How much longer or shorter it may be along one axis, as a share of the radius. */
  readonly elongation: number;
  /** Outward normal of the dura that the lesion sits on; null within the brain. */
  readonly outward: Vector3 | null;
}

/** The waves' sum at a point, within ±1. */
export function rippleAt({ waves }: Pick<LesionShape, 'waves'>, x: number, y: number, z: number): number {
  let sum = 0;
  for (const { frequency, phase } of waves)
    sum += Math.sin(frequency[0] * x + frequency[1] * y + frequency[2] * z + phase);
  return sum / waves.length;
}

/** Depth below the surface of a union of balls at a point, in radii; negative outside. */
export function depthInBalls(balls: readonly Ball[], x: number, y: number, z: number): number {
  let deepest = -Infinity;
  for (const { offset, radius } of balls)
    deepest = Math.max(deepest, radius - Math.hypot(x - offset[0], y - offset[1], z - offset[2]));
  return deepest;
}

/** Depth below the surface at a point in units of the radius; negative outside. */
export function depthAt(
  shape: Omit<LesionShape, 'unitVolume' | 'centroid'>,
  x: number,
  y: number,
  z: number,
  ripple: number,
): number {
  const { balls, bumps, roughness, outward } = shape;
  let deepest = -Infinity;
  for (const { offset, radius } of balls) {
    const dx = x - offset[0], dy = y - offset[1], dz = z - offset[2]; // prettier-ignore
    const distance = Math.sqrt(dx * dx + dy * dy + dz * dz);
    let reach = radius;
    if (distance > 1e-6)
      for (const { direction, height } of bumps) {
        const cosine = (dx * direction[0] + dy * direction[1] + dz * direction[2]) / distance;
        reach += radius * height * (cosine > 0 ? cosine * cosine : 0);
      }
    if (reach - distance > deepest) deepest = reach - distance;
  }
  deepest += roughness * ripple;
  if (!outward) return deepest;
  return Math.min(deepest, -(x * outward[0] + y * outward[1] + z * outward[2]));
}

/** How far a form reaches from its origin at most, in radii. */
export const extentOf = ({ balls }: Pick<LesionShape, 'balls'>): number =>
  Math.max(...balls.map(({ offset, radius }) => Math.hypot(...offset) + radius * 1.5));

/** Draws a form. A lesion on dura is a cap whose middle lies inward of the dura. */
export function randomShape({ lobes, roughness, elongation, outward }: Form, random: Random): LesionShape {
  const inward = outward ? random.uniform(0.1, 0.75) : 0;
  const [ox, oy, oz] = outward ?? [0, 0, 0];
  const middle: Vector3 = [-ox * inward, -oy * inward, -oz * inward];
  const balls: Ball[] = [{ offset: middle, radius: 1 }];
  for (let lobe = 0; lobe < lobes; lobe++) {
    const direction = random.direction();
    const distance = random.uniform(0.7, 1.15);
    balls.push({
      offset: [0, 1, 2].map((axis) => middle[axis] + direction[axis] * distance) as unknown as Vector3,
      radius: random.uniform(0.5, 0.8),
    });
  }
  const bumps: LesionShape['bumps'][number][] = Array.from({ length: 5 }, () => ({
    direction: random.direction(),
    height: random.uniform(-0.22, 0.28),
  }));
  // Longer or shorter along an axis: two bumps opposite each other.
  const [x, y, z] = random.direction();
  const height = random.uniform(-elongation, elongation);
  bumps.push({ direction: [x, y, z], height }, { direction: [-x, -y, -z], height });
  const waves = Array.from({ length: 4 }, () => {
    const [x, y, z] = random.direction();
    const length = random.uniform(3, 7);
    return { frequency: [x * length, y * length, z * length] as const, phase: random.uniform(0, 2 * Math.PI) };
  });
  const shape = { balls, bumps, waves, roughness, outward };
  if (outward) return { ...shape, ...sizeOf(shape) };
  // Within the brain the origin is the middle, so that a lesion grows where it is.
  const { centroid } = sizeOf(shape);
  const centred = {
    ...shape,
    balls: balls.map(({ offset, radius }) => ({
      offset: [0, 1, 2].map((axis) => offset[axis] - centroid[axis]) as unknown as Vector3,
      radius,
    })),
  };
  return { ...centred, ...sizeOf(centred), centroid: [0, 0, 0] };
}

/** Volume and centre of a form, counted on a lattice of a tenth of the radius. */
function sizeOf(shape: Omit<LesionShape, 'unitVolume' | 'centroid'>): Pick<LesionShape, 'unitVolume' | 'centroid'> {
  const step = 0.1;
  const reach = Math.ceil(Math.min(2.9, extentOf(shape)) / step) * step;
  const sum = [0, 0, 0, 0];
  for (let x = -reach; x <= reach; x += step)
    for (let y = -reach; y <= reach; y += step)
      for (let z = -reach; z <= reach; z += step)
        if (depthAt(shape, x, y, z, rippleAt(shape, x, y, z)) > 0) [x, y, z, 1].forEach((v, n) => (sum[n] += v));
  return {
    unitVolume: sum[3] * step ** 3,
    centroid: [sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]],
  };
}
