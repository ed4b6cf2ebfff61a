import { Random } from './random.js';

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

/** Turns signal into a magnitude image in place: √((s + n₁)² + n₂²), Gaussian n of the given deviation (Rician noise). */
export function addRicianNoise(voxels: Float32Array, deviation: number, seed: string): void {
  const random = new Random(seed);
  for (let index = 0; index < voxels.length; index++) {
    const bits = random.uint32();
    const real = voxels[index] + deviation * quantiles[bits & 0xffff];
    const imaginary = deviation * quantiles[bits >>> 16];
    voxels[index] = Math.sqrt(real * real + imaginary * imaginary);
  }
}
