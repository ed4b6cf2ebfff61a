import type { Vector3 } from '../imaging/affine.js';
import { randomShape, type Ball, type Form, type LesionShape } from './lesion-shape.js';
import type { Random } from './random.js';

/**
 * How a lesion looks: enhancing throughout (`solid`, `lobulated`), in a rim around dead tissue, thin and even (`ring`) or thick and
 * ragged (`necrotic`), in the thin wall of a cyst and in nodules on it (`cystic`), or around and between old blood (`haemorrhagic`).
 */
export type LesionKind = 'solid' | 'ring' | 'necrotic' | 'lobulated' | 'cystic' | 'haemorrhagic';

/** What makes a lesion look as it does, the same at every time point. */
export interface LesionAppearance {
  readonly kind: LesionKind;
  readonly shape: LesionShape;
  /** Signal of the enhancing part, white matter = 1. */
  readonly signal: number;
  /** Signal of the core of lesions that have one. */
  readonly coreSignal: number;
  /** Thickness of the enhancing rim as a share of the radius. */
  readonly rimShare: number;
  /** How much the rim's thickness varies, as a share of it. */
  readonly rimVariation: number;
  /** Enhancing nodules on the wall of a cyst, in radii. */
  readonly nodules: readonly Ball[];
  /** How uneven the enhancing part is, as a share of its signal. */
  readonly mottle: number;
  /** Oedema: reach beyond the border in radii, and the signal it takes from white matter. */
  readonly oedema: { readonly reach: number; readonly loss: number };
  /** Share of the volume by which the lesion pushes the tissue around it aside. */
  readonly push: number;
}

/** A lesion as one scan shows it: where, how large, how bright. */
export interface PlacedLesion extends LesionAppearance {
  readonly id: number;
  /** Origin of the form in head space, LPS mm. */
  readonly centreMm: Vector3;
  readonly volumeMm3: number;
}

/** The radius of a form's first ball at a volume, mm. */
export const radiusMm = ({ unitVolume }: LesionShape, volumeMm3: number): number => Math.cbrt(volumeMm3 / unitVolume);

/** The middle of a lesion of a given size, head space. */
export function middleOf(shape: LesionShape, originMm: Vector3, volumeMm3: number): Vector3 {
  const radius = radiusMm(shape, volumeMm3);
  return [0, 1, 2].map((axis) => originMm[axis] + radius * shape.centroid[axis]) as unknown as Vector3;
}

/** What kinds there are at a size, the common ones more than once. */
function kindsOf(diameterMm: number): readonly LesionKind[] {
  if (diameterMm < 5) return ['solid', 'solid', 'solid', 'solid', 'lobulated'];
  if (diameterMm < 9) return ['solid', 'solid', 'solid', 'lobulated', 'ring', 'necrotic'];
  if (diameterMm < 16)
    return ['solid', 'solid', 'lobulated', 'lobulated', 'ring', 'ring', 'necrotic', 'necrotic', 'haemorrhagic'];
  return ['solid', 'lobulated', 'ring', 'necrotic', 'necrotic', 'cystic', 'cystic', 'haemorrhagic'];
}

/** Thickness of the enhancing rim in mm, its largest share of the radius, and how much it varies, by kind. */
const rims: Readonly<Partial<Record<LesionKind, { mm: readonly [number, number]; most: number; variation: number }>>> =
  {
    ring: { mm: [1.1, 3], most: 0.4, variation: 0.25 },
    necrotic: { mm: [1.6, 5], most: 0.6, variation: 0.9 },
    cystic: { mm: [0.6, 1.8], most: 0.25, variation: 0.35 },
    haemorrhagic: { mm: [1, 3.5], most: 0.5, variation: 0.6 },
  };

/** Nodules that sit on the wall of a cyst of one radius and reach into it. */
function muralNodules(random: Random): Ball[] {
  return Array.from({ length: random.integer(4) }, () => {
    const direction = random.direction();
    const radius = random.uniform(0.12, 0.45);
    const distance = 0.95 - 0.6 * radius;
    return { offset: [direction[0] * distance, direction[1] * distance, direction[2] * distance], radius };
  });
}

/** What is given about a lesion rather than drawn. */
export interface AppearanceScript {
  readonly kind?: LesionKind;
  readonly signal?: number;
  /** Outward normal of the dura the lesion sits on. */
  readonly outward?: Vector3 | null;
  readonly form?: Partial<Form>;
}

/** A random look for a lesion of about `diameterMm`: small ones are solid, large ones often hollow or lobulated. */
export function randomAppearance(random: Random, diameterMm: number, script: AppearanceScript = {}): LesionAppearance {
  const kind = script.kind ?? random.pick(kindsOf(diameterMm));
  const low = random.chance(0.25);
  const signal = script.signal ?? (low ? random.uniform(1.08, 1.3) : random.uniform(1.3, 1.95));
  // Blood of some days is brighter than brain without contrast; a cyst holds fluid.
  const coreSignal =
    kind === 'haemorrhagic'
      ? random.uniform(0.6, 1.5)
      : kind === 'cystic'
        ? random.uniform(0.22, 0.6)
        : random.uniform(0.35, 0.85);
  const rim = rims[kind];
  const swollen = diameterMm > 5 && random.chance(0.7);
  return {
    kind,
    shape: randomShape(
      {
        lobes: kind === 'lobulated' ? 2 + random.integer(4) : random.chance(0.1) ? 1 : 0,
        // Small ones look round at 1 mm whatever they are.
        roughness: diameterMm < 6 ? 0 : random.uniform(0.02, 0.16),
        elongation: 0.12,
        outward: script.outward ?? null,
        ...script.form,
      },
      random.fork('shape'),
    ),
    signal,
    coreSignal,
    rimShare: rim ? Math.min(rim.most, random.uniform(...rim.mm) / (diameterMm / 2)) : 1,
    rimVariation: rim?.variation ?? 0,
    nodules: kind === 'cystic' ? muralNodules(random.fork('nodules')) : [],
    mottle: diameterMm < 4 ? 0 : kind === 'haemorrhagic' ? random.uniform(0.1, 0.35) : random.uniform(0.02, 0.2),
    oedema: swollen
      ? { reach: random.uniform(0.4, 1.4) * Math.min(1, 20 / diameterMm), loss: random.uniform(0.05, 0.25) }
      : { reach: 0, loss: 0 },
    push: diameterMm < 7 ? 0 : random.uniform(0.1, 0.7),
  };
}
