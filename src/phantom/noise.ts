import type { Vector3 } from '../imaging/affine.js';
import type { Volume } from '../imaging/volume.js';
import { Random } from './random.js';
import { spreadAlong } from './slice-profile.js';

/** Quantiles of the standard normal at 65,536 midpoints: one 32-bit draw gives two normal numbers. */
const quantiles = (() => {
  const table = new Float32Array(65536);
  // The cumulative distribution by the trapezoid rule, inverted on the way.
  const step = 1e-4;
  let cumulative = 0;
  let index = 0;
  for (let x = -5.5; x < 5.5 && index < table.length; x += step) {
    cumulative += (Math.exp(-0.5 * (x + step / 2) ** 2) / Math.sqrt(2 * Math.PI)) * step;
    while (index < table.length && cumulative >= (index + 0.5) / 65536) table[index++] = x;
  }
  table.fill(5, index);
  return table;
})();

/** Gaussian numbers of unit variance, those of neighbours in a slice correlated as interpolation in k-space leaves them. */
function gaussian([nx, ny, nz]: Vector3, correlation: number, random: Random): Float32Array {
  const noise = new Float32Array(nx * ny * nz);
  for (let index = 0; index < noise.length; index += 2) {
    const bits = random.uint32();
    noise[index] = quantiles[bits & 0xffff];
    if (index + 1 < noise.length) noise[index + 1] = quantiles[bits >>> 16];
  }
  if (correlation === 0) return noise;
  for (const axis of [0, 1] as const) spreadAlong(noise, [nx, ny, nz], axis, correlation);
  // What spreading along an axis leaves of the variance.
  const left = (1 - 2 * correlation) ** 2 + 2 * correlation ** 2;
  for (let index = 0; index < noise.length; index++) noise[index] /= left;
  return noise;
}

/**
 * Turns signal into a magnitude image in place: √((s + n₁)² + n₂²), Gaussian n of the given deviation (Rician noise).
 *
 * @param correlation share of each voxel's noise that its neighbours in the slice have too; 0 is white noise.
 */
export function addRicianNoise(
  { voxels, shape }: Volume,
  { deviation, correlation }: { readonly deviation: number; readonly correlation: number },
  seed: string,
): void {
  const [real, imaginary] = ['real', 'imaginary'].map((part) =>
    gaussian(shape, correlation, new Random(`${seed}/${part}`)),
  );
  for (let index = 0; index < voxels.length; index++)
    voxels[index] = Math.sqrt((voxels[index] + deviation * real[index]) ** 2 + (deviation * imaginary[index]) ** 2);
}
