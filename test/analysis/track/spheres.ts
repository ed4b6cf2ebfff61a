import type { KnownLesion, LesionsOnGrid } from '../../../src/analysis/track/match-lesions.js';
import type { Vector3 } from '../../../src/imaging/affine.js';
import type { Grid } from '../../../src/imaging/volume.js';

export interface Sphere {
  readonly center: Vector3;
  readonly radiusMm: number;
}

const size = 60;
const grid: Grid = {
  shape: [size, size, size],
  patientFromVoxel: [1, 0, 0, -size / 2, 0, 1, 0, -size / 2, 0, 0, 1, -size / 2, 0, 0, 0, 1],
};

/** Spheres on a grid of 60 mm around the origin, numbered from 1 (later ones paint over earlier ones), with identities T1, T2, … */
export function spheres(specs: readonly Sphere[]): LesionsOnGrid<KnownLesion> {
  const voxels = new Uint16Array(size ** 3);
  specs.forEach(({ center, radiusMm }, index) => {
    const [low, high] = [-1, 1].map((sign) =>
      center.map((value) => Math.min(size - 1, Math.max(0, Math.round(value + sign * radiusMm) + size / 2))),
    );
    for (let k = low[2]; k <= high[2]; k++)
      for (let j = low[1]; j <= high[1]; j++)
        for (let i = low[0]; i <= high[0]; i++) {
          const point = [i, j, k].map((value) => value - size / 2);
          if (Math.hypot(...point.map((value, axis) => value - center[axis])) <= radiusMm)
            voxels[i + size * (j + size * k)] = index + 1;
        }
  });
  const counts = new Array<number>(specs.length + 1).fill(0);
  for (const label of voxels) counts[label]++;
  const lesions = specs.map(({ center }, index) => ({
    number: index + 1,
    volumeMm3: counts[index + 1],
    centroidPatientMm: center,
    trackingUID: `2.25.${index + 1}`,
    trackingID: `T${index + 1}`,
  }));
  return { lesions, labels: { ...grid, voxels } };
}
