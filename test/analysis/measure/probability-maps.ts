import { applyAffine, invertAffine, type Affine, type Vector3 } from '../../../src/imaging/affine.js';
import type { Grid, Volume } from '../../../src/imaging/volume.js';

/** An ellipsoid in patient space: `unitFromPatient` takes its inside to the unit ball. */
export interface Ellipsoid {
  readonly centre: Vector3;
  readonly semiAxesMm: Vector3;
  /** Row-major rotation; its columns are the ellipsoid's axes. */
  readonly rotation?: Affine;
}

/** Smooth probabilities: ½ on each ellipsoid's surface, rising to `peak` inside, falling to 0 outside, over about 1 mm. */
export function probabilityMap(grid: Grid, ellipsoids: readonly Ellipsoid[], peak = 1): Volume {
  const [nx, ny, nz] = grid.shape;
  const voxels = new Float32Array(nx * ny * nz);
  const toVoxel = invertAffine(grid.patientFromVoxel);
  for (const { centre, semiAxesMm, rotation = identity } of ellipsoids) {
    const inverse = invertAffine(rotation);
    const reach = Math.max(...semiAxesMm) + 3;
    const at = applyAffine(toVoxel, centre);
    const low = at.map((value) => Math.max(Math.floor(value - reach * 2), 0));
    const high = at.map((value, axis) => Math.min(Math.ceil(value + reach * 2), grid.shape[axis] - 1));
    for (let k = low[2]; k <= high[2]; k++)
      for (let j = low[1]; j <= high[1]; j++)
        for (let i = low[0]; i <= high[0]; i++) {
          const p = applyAffine(grid.patientFromVoxel, [i, j, k]);
          const q = applyAffine(inverse, [p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]]);
          const scaled = Math.hypot(q[0] / semiAxesMm[0], q[1] / semiAxesMm[1], q[2] / semiAxesMm[2]);
          const gradient =
            Math.hypot(...q.map((value, axis) => value / semiAxesMm[axis] ** 2)) / Math.max(scaled, 1e-9);
          // First-order distance to the surface, mm, positive inside.
          const depth = scaled < 1e-9 ? Math.min(...semiAxesMm) : (1 - scaled) / gradient;
          const index = i + nx * (j + ny * k);
          voxels[index] = Math.max(voxels[index], Math.min(Math.max(0.5 + depth / 4, 0), peak));
        }
  }
  return { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels };
}

const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Rotation about x, then y, then z, radians. */
export function rotationAffine(x: number, y: number, z: number): Affine {
  const [a, b, c] = [Math.cos(x), Math.cos(y), Math.cos(z)];
  const [d, e, f] = [Math.sin(x), Math.sin(y), Math.sin(z)];
  return [
    c * b, c * e * d - f * a, c * e * a + f * d, 0,
    f * b, f * e * d + c * a, f * e * a - c * d, 0,
    -e, b * d, b * a, 0,
    0, 0, 0, 1,
  ]; // prettier-ignore
}

/** Rows, columns and slices directions of the usual acquisitions, with spacing (mm) and the grid's centre at the origin. */
export function sourceGrid(
  orientation: 'axial' | 'sagittal' | 'coronal' | 'oblique',
  spacing: Vector3,
  shape: Vector3,
): Grid {
  const directions = {
    axial: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    sagittal: [0, 0, 1, 1, 0, 0, 0, -1, 0],
    coronal: [1, 0, 0, 0, 0, 1, 0, -1, 0],
    oblique: (() => {
      const r = rotationAffine(0.35, -0.2, 0.15);
      return [r[0], r[1], r[2], r[4], r[5], r[6], r[8], r[9], r[10]];
    })(),
  }[orientation];
  const m = directions.map((value, index) => value * spacing[index % 3]);
  const centre = shape.map((size) => (size - 1) / 2);
  const origin = [0, 1, 2].map(
    (row) => -(m[row * 3] * centre[0] + m[row * 3 + 1] * centre[1] + m[row * 3 + 2] * centre[2]),
  );
  return {
    shape,
    patientFromVoxel: [
      m[0], m[1], m[2], origin[0],
      m[3], m[4], m[5], origin[1],
      m[6], m[7], m[8], origin[2],
      0, 0, 0, 1,
    ], // prettier-ignore
  };
}
