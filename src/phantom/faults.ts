import type { Vector3 } from '../imaging/affine.js';
import type { Random } from './random.js';

/** The smooth bias field's logarithm is a random quadratic over the field of view. */
export function applyGainAndBias(
  voxels: Float32Array,
  [nx, ny, nz]: Vector3,
  gain: number,
  bias: number,
  random: Random,
): void {
  const c = Array.from({ length: 9 }, () => random.normal(0, bias));
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (voxels[index] === 0) continue;
        const x = (2 * i) / nx - 1, y = (2 * j) / ny - 1, z = (2 * k) / nz - 1; // prettier-ignore
        const linear = c[0] * x + c[1] * y + c[2] * z;
        const square = c[3] * x * x + c[4] * y * y + c[5] * z * z + c[6] * x * y + c[7] * x * z + c[8] * y * z;
        voxels[index] *= gain * Math.exp(linear + square);
      }
}

/** A faint copy shifted by half the field of view along the rows' direction, and one near by, as motion leaves them. */
export function addGhost(voxels: Float32Array, [nx, ny, nz]: Vector3, strength: number, random: Random): void {
  const near = 5 + random.integer(14);
  const half = ny >> 1;
  const slice = new Float32Array(nx * ny);
  for (let k = 0; k < nz; k++) {
    const start = nx * ny * k;
    slice.set(voxels.subarray(start, start + nx * ny));
    for (let j = 0; j < ny; j++) {
      const opposite = nx * ((j + half) % ny);
      const beside = nx * ((j + near) % ny);
      const row = start + nx * j;
      for (let i = 0; i < nx; i++) voxels[row + i] += strength * (slice[opposite + i] + 0.7 * slice[beside + i]);
    }
  }
}
