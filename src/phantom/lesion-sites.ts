import type { Vector3 } from '../imaging/affine.js';
import type { Random } from './random.js';
import type { SourceHead } from './head.js';
import type { Tube } from './tube.js';

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
 * Chooses a site for each lesion: inside the brain, most often at the grey–white junction, apart from each other and from
 * sinuses and large vessels.
 *
 * @param radiiMm largest radius of each lesion.
 * @returns centres in head space (LPS mm), null where none was found.
 */
export function lesionSites(
  source: SourceHead,
  random: Random,
  radiiMm: readonly number[],
  headFromSource: (point: Vector3) => Vector3,
  large: readonly Tube[],
): (Vector3 | null)[] {
  const [nx, ny, nz] = source.image.shape;
  const m = source.image.patientFromVoxel;
  const placed: { at: Vector3; radius: number }[] = [];
  const far = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

  return radiiMm.map((radius, lesion) => {
    const stream = random.fork(lesion);
    for (let trial = 0; trial < 60000; trial++) {
      const i = 4 + stream.integer(nx - 8);
      const j = 4 + stream.integer(ny - 8);
      const k = 4 + stream.integer(nz - 8);
      const index = i + nx * (j + ny * k);
      if (!source.brain[index]) continue;
      const value = source.image.voxels[index];
      if (value < 0.85 * source.levels.grey) continue;
      if (!isGreyWhiteBorder(source, index) && !stream.chance(0.06)) continue;
      // Enough brain around: the centre's neighbours at the lesion's radius must mostly be brain.
      const reach = Math.max(1, Math.round(radius * 0.8));
      const inside = [-1, 1].flatMap((s) => [
        source.brain[index + s * reach],
        source.brain[index + s * reach * nx],
        source.brain[index + s * reach * nx * ny],
      ]);
      if (inside.filter(Boolean).length < (radius < 2 ? 6 : 5)) continue;
      const at = headFromSource([
        m[0] * i + m[1] * j + m[2] * k + m[3],
        m[4] * i + m[5] * j + m[6] * k + m[7],
        m[8] * i + m[9] * j + m[10] * k + m[11],
      ]);
      // Lobes reach beyond the radius, hence the factor.
      if (placed.some((other) => far(other.at, at) < 1.4 * (other.radius + radius) + 3)) continue;
      if (large.some((tube) => Math.min(far(tube.from, at), far(tube.to, at)) < 1.3 * radius + tube.fromRadiusMm + 2))
        continue;
      placed.push({ at, radius });
      return at;
    }
    return null;
  });
}
