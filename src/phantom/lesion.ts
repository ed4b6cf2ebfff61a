import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { spacingMm, type Grid } from '../imaging/volume.js';
import type { Random } from './random.js';

export type LesionKind = 'solid' | 'ring' | 'necrotic' | 'lobulated';

/** One ball of a lesion, in units of the lesion's radius. */
interface Ball {
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
  /** mm³ at radius 1 mm; a lesion of volume v has radius ∛(v / unitVolume). */
  readonly unitVolume: number;
}

/** What makes a lesion look as it does, the same at every time point. */
export interface LesionAppearance {
  readonly kind: LesionKind;
  readonly shape: LesionShape;
  /** Signal of the enhancing part, white matter = 1. */
  readonly signal: number;
  /** Signal of the core of ring and necrotic lesions. */
  readonly coreSignal: number;
  /** Thickness of the enhancing rim as a share of the radius. */
  readonly rimShare: number;
  /** How uneven the enhancing part is, as a share of its signal. */
  readonly mottle: number;
  /** Oedema: reach beyond the border in radii, and the signal it takes away. */
  readonly oedema: { readonly reach: number; readonly loss: number };
}

/** The waves' sum at a point, within ±1. */
function rippleAt({ waves }: LesionShape, x: number, y: number, z: number): number {
  let sum = 0;
  for (const { frequency, phase } of waves)
    sum += Math.sin(frequency[0] * x + frequency[1] * y + frequency[2] * z + phase);
  return sum / waves.length;
}

/** Depth below the surface at a point in units of the radius; negative outside. */
function depthAt(shape: LesionShape, x: number, y: number, z: number, ripple: number): number {
  const { balls, bumps, roughness } = shape;
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
  return deepest + roughness * ripple;
}

function randomShape(kind: LesionKind, diameterMm: number, random: Random): LesionShape {
  const balls: Ball[] = [{ offset: [0, 0, 0], radius: 1 }];
  const lobes = kind === 'lobulated' ? 2 + random.integer(3) : random.chance(0.2) ? 1 : 0;
  for (let lobe = 0; lobe < lobes; lobe++) {
    const direction = random.direction();
    const distance = random.uniform(0.55, 0.95);
    balls.push({
      offset: [direction[0] * distance, direction[1] * distance, direction[2] * distance],
      radius: random.uniform(0.45, 0.75),
    });
  }
  const bumps = Array.from({ length: 5 }, () => ({
    direction: random.direction(),
    height: random.uniform(-0.22, 0.28),
  }));
  const waves = Array.from({ length: 4 }, () => {
    const [x, y, z] = random.direction();
    const length = random.uniform(3, 7);
    return { frequency: [x * length, y * length, z * length] as const, phase: random.uniform(0, 2 * Math.PI) };
  });
  // Small ones look round at 1 mm whatever they are.
  const roughness = diameterMm < 6 ? 0 : random.uniform(0.02, 0.16);
  const shape = { balls, bumps, waves, roughness, unitVolume: 1 };
  const step = 0.1;
  let inside = 0;
  for (let x = -2.6; x <= 2.6; x += step)
    for (let y = -2.6; y <= 2.6; y += step)
      for (let z = -2.6; z <= 2.6; z += step) if (depthAt(shape, x, y, z, rippleAt(shape, x, y, z)) > 0) inside++;
  return { ...shape, unitVolume: inside * step ** 3 };
}

/** A random look for a lesion of about `diameterMm`: small ones are solid, large ones often hollow or lobulated. */
export function randomAppearance(
  random: Random,
  diameterMm: number,
  kind?: LesionKind,
  signal?: number,
): LesionAppearance {
  const small = diameterMm < 5;
  const chosen =
    kind ??
    (small
      ? random.pick(['solid', 'solid', 'solid', 'solid', 'lobulated'] as const)
      : diameterMm < 9
        ? random.pick(['solid', 'solid', 'lobulated', 'ring', 'necrotic'] as const)
        : random.pick(['solid', 'lobulated', 'ring', 'ring', 'necrotic', 'necrotic'] as const));
  const low = random.chance(0.25);
  return {
    kind: chosen,
    shape: randomShape(chosen, diameterMm, random.fork('shape')),
    signal: signal ?? (low ? random.uniform(1.08, 1.3) : random.uniform(1.3, 1.95)),
    coreSignal: random.uniform(0.4, 0.85),
    rimShare: Math.min(
      chosen === 'ring' ? 0.4 : 0.6,
      (chosen === 'ring' ? random.uniform(1.1, 3) : random.uniform(1.6, 5)) / (diameterMm / 2),
    ),
    mottle: diameterMm < 4 ? 0 : random.uniform(0.02, 0.2),
    oedema:
      diameterMm > 5 && random.chance(0.7)
        ? { reach: random.uniform(0.4, 1.4), loss: random.uniform(0.05, 0.22) }
        : { reach: 0, loss: 0 },
  };
}

/** A lesion as one scan shows it: where, how large, how bright. */
export interface PlacedLesion extends LesionAppearance {
  readonly id: number;
  /** Head space, LPS mm. */
  readonly centreMm: Vector3;
  readonly volumeMm3: number;
}

/** Signal at depth `depth` (in radii) of a lesion. */
function signalAt(lesion: PlacedLesion, depth: number, ripple: number): number {
  const { kind, coreSignal, rimShare, mottle } = lesion;
  const signal = lesion.signal * (1 + mottle * ripple);
  if (kind !== 'ring' && kind !== 'necrotic') return signal;
  const rim = rimShare * (1 + (kind === 'necrotic' ? 0.7 : 0.25) * ripple);
  // The rim fades into the core over a tenth of the radius.
  const core = Math.min(1, Math.max(0, (depth - rim) / 0.1 + 0.5));
  return signal + core * (coreSignal - signal);
}

/**
 * Calls `visit` for every voxel a lesion touches, with the filled share (supersampled, 0–1), the mean signal of the filled
 * part, and the share of signal that oedema takes from what is not filled.
 *
 * @param headFromPatient head space ← the grid's patient space; rigid.
 */
export function visitLesion(
  lesion: PlacedLesion,
  grid: Grid,
  headFromPatient: Affine,
  visit: (index: number, cover: number, signal: number, oedema: number) => void,
): void {
  const headFromVoxel = multiplyAffine(headFromPatient, grid.patientFromVoxel);
  const centre = applyAffine(invertAffine(headFromVoxel), lesion.centreMm);
  const radiusMm = Math.cbrt(lesion.volumeMm3 / lesion.shape.unitVolume);
  const spacing = spacingMm(grid);
  const extent =
    Math.max(...lesion.shape.balls.map((b) => Math.hypot(...b.offset) + b.radius * 1.5)) + lesion.oedema.reach;
  const low = spacing.map((s, axis) => Math.max(0, Math.ceil(centre[axis] - (extent * radiusMm) / s - 1)));
  const high = spacing.map((s, axis) =>
    Math.min(grid.shape[axis] - 1, Math.floor(centre[axis] + (extent * radiusMm) / s + 1)),
  );
  const m = headFromVoxel;
  // The voxel's half diagonal in radii: farther from the surface than that a voxel is all in or all out.
  const halfDiagonal = (0.5 * Math.hypot(...spacing) * 1.7) / radiusMm;
  const samples = Math.min(9, Math.max(3, Math.ceil(9 / radiusMm)));
  const depthOf = (i: number, j: number, k: number): [depth: number, ripple: number] => {
    const x = (m[0] * i + m[1] * j + m[2] * k + m[3] - lesion.centreMm[0]) / radiusMm;
    const y = (m[4] * i + m[5] * j + m[6] * k + m[7] - lesion.centreMm[1]) / radiusMm;
    const z = (m[8] * i + m[9] * j + m[10] * k + m[11] - lesion.centreMm[2]) / radiusMm;
    const ripple = rippleAt(lesion.shape, x, y, z);
    return [depthAt(lesion.shape, x, y, z, ripple), ripple];
  };
  for (let k = low[2]; k <= high[2]; k++)
    for (let j = low[1]; j <= high[1]; j++)
      for (let i = low[0]; i <= high[0]; i++) {
        const [depth, ripple] = depthOf(i, j, k);
        let cover = 0;
        let signal = 0;
        if (depth > halfDiagonal) {
          cover = 1;
          signal = signalAt(lesion, depth, ripple);
        } else if (depth > -halfDiagonal) {
          for (let c = 0; c < samples; c++)
            for (let b = 0; b < samples; b++)
              for (let a = 0; a < samples; a++) {
                const [d, r] = depthOf(
                  i + (a + 0.5) / samples - 0.5,
                  j + (b + 0.5) / samples - 0.5,
                  k + (c + 0.5) / samples - 0.5,
                );
                if (d <= 0) continue;
                cover++;
                signal += signalAt(lesion, d, r);
              }
          if (cover) signal /= cover;
          cover /= samples ** 3;
        }
        const outside = Math.min(0, depth) / (lesion.oedema.reach || 1);
        const oedema = lesion.oedema.reach && outside > -1 ? lesion.oedema.loss * (1 + outside) : 0;
        if (cover > 0 || oedema > 0) visit(i + grid.shape[0] * (j + grid.shape[1] * k), cover, signal, oedema);
      }
}
