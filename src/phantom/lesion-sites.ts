import type { Vector3 } from '../imaging/affine.js';
import { voxelIndexAt, type SourceHead } from './head.js';
import type { Random } from './random.js';
import type { Tube } from './tube.js';

/** A place for a lesion in head space, LPS mm. */
export interface Site {
  readonly at: Vector3;
  /** Outward normal of the dura it lies on; null within the brain. */
  readonly outward: Vector3 | null;
}

/** What a site is wanted for. */
export interface SiteWish {
  /** Largest radius of the lesion. */
  readonly radiusMm: number;
  readonly on: 'brain' | 'dura';
  /** No farther from this than `withinMm`. */
  readonly near?: { readonly at: Vector3; readonly withinMm: number } | null;
}

const far = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Whether a voxel lies where grey and white matter meet: values of both within two voxels along the axes. */
function isGreyWhiteBorder({ image, levels }: SourceHead, index: number): boolean {
  const v = image.voxels;
  const middle = (levels.grey + levels.white) / 2;
  const [nx, ny] = image.shape;
  let grey = false;
  let white = false;
  for (const step of [1, nx, nx * ny])
    for (const sign of [-2, 2]) {
      const value = v[index + sign * step];
      if (value > 0.85 * levels.grey && value < middle) grey = true;
      if (value > middle + 0.25 * (levels.white - levels.grey)) white = true;
    }
  return grey && white;
}

/**
 * Finds sites for one patient's lesions: inside the brain, most often at the grey–white junction, or on its dura; apart from each
 * other and from sinuses and large vessels.
 */
export class LesionSites {
  readonly #placed: { at: Vector3; radiusMm: number }[] = [];

  /**
   * @param headFromSource source space → head space.
   * @param large vessels that lesions keep away from, in head space.
   */
  constructor(
    private readonly source: SourceHead,
    private readonly headFromSource: (point: Vector3) => Vector3,
    private readonly large: readonly Tube[],
  ) {}

  /** A site, or null where a crowded head has none. */
  find({ radiusMm, on, near }: SiteWish, random: Random): Site | null {
    const { source } = this;
    const [nx, ny, nz] = source.image.shape;
    for (let trial = 0; trial < 60000; trial++) {
      const voxel: Vector3 = [6 + random.integer(nx - 12), 6 + random.integer(ny - 12), 6 + random.integer(nz - 12)];
      const index = voxel[0] + nx * (voxel[1] + ny * voxel[2]);
      if (!source.brain[index]) continue;
      const fits = on === 'brain' ? this.#isInside(index, radiusMm, random) : this.#isAtSurface(index);
      if (!fits) continue;
      const inSource = this.#sourceAt(voxel);
      const at = this.headFromSource(inSource);
      if (near && far(at, near.at) > near.withinMm) continue;
      if (!this.#isFree(at, radiusMm, on)) continue;
      const outward = on === 'dura' ? this.#outwardAt(inSource, at) : null;
      if (on === 'dura' && !outward) continue;
      this.#placed.push({ at, radiusMm });
      return { at, outward };
    }
    return null;
  }

  #sourceAt([i, j, k]: Vector3): Vector3 {
    const m = this.source.image.patientFromVoxel;
    return [
      m[0] * i + m[1] * j + m[2] * k + m[3],
      m[4] * i + m[5] * j + m[6] * k + m[7],
      m[8] * i + m[9] * j + m[10] * k + m[11],
    ];
  }

  #isInside(index: number, radiusMm: number, random: Random): boolean {
    const { source } = this;
    if (source.image.voxels[index] < 0.85 * source.levels.grey) return false;
    if (!isGreyWhiteBorder(source, index) && !random.chance(0.06)) return false;
    // Enough brain around: the centre's neighbours at the lesion's radius must mostly be brain.
    const [nx, ny] = source.image.shape;
    const reach = Math.max(1, Math.round(radiusMm * 0.8));
    const inside = [1, nx, nx * ny].flatMap((step) => [-1, 1].map((sign) => source.brain[index + sign * reach * step]));
    return inside.filter(Boolean).length >= (radiusMm < 2 ? 6 : 5);
  }

  #isAtSurface(index: number): boolean {
    const { brain, image } = this.source;
    const [nx, ny] = image.shape;
    return [1, nx, nx * ny].some((step) => !brain[index - step] || !brain[index + step]);
  }

  #isFree(at: Vector3, radiusMm: number, on: SiteWish['on']): boolean {
    // Lobes reach beyond the radius, hence the factor.
    if (this.#placed.some((other) => far(other.at, at) < 1.4 * (other.radiusMm + radiusMm) + 3)) return false;
    const reach = on === 'dura' ? 1 : 1.3;
    return !this.large.some(
      (tube) => Math.min(far(tube.from, at), far(tube.to, at)) < reach * radiusMm + tube.fromRadiusMm + 2,
    );
  }

  /** The outward normal of the brain's surface in head space; null where the surface is no smooth convexity. */
  #outwardAt(inSource: Vector3, at: Vector3): Vector3 | null {
    const { source } = this;
    const sum = [0, 0, 0];
    let empty = 0;
    let all = 0;
    for (let dx = -8; dx <= 8; dx += 2)
      for (let dy = -8; dy <= 8; dy += 2)
        for (let dz = -8; dz <= 8; dz += 2) {
          if (dx * dx + dy * dy + dz * dz > 64) continue;
          all++;
          const index = voxelIndexAt(source, [inSource[0] + dx, inSource[1] + dy, inSource[2] + dz]);
          if (index >= 0 && source.brain[index]) continue;
          empty++;
          [dx, dy, dz].forEach((value, axis) => (sum[axis] += value));
        }
    const length = Math.hypot(...sum);
    if (empty < 0.3 * all || empty > 0.65 * all || length < 1) return null;
    const tip = this.headFromSource([0, 1, 2].map((axis) => inSource[axis] + (5 * sum[axis]) / length) as unknown as Vector3); // prettier-ignore
    const d = [tip[0] - at[0], tip[1] - at[1], tip[2] - at[2]];
    const size = Math.hypot(d[0], d[1], d[2]);
    return [d[0] / size, d[1] / size, d[2] / size];
  }
}
