import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BSplineLattice } from '../../../src/analysis/prepare/bspline-lattice.js';
import { fourier } from '../../../src/analysis/prepare/fourier.js';
import { otsuThreshold } from '../../../src/analysis/prepare/otsu.js';
import type { Vector3 } from '../../../src/imaging/affine.js';

/** Cubic B-spline of control point `point` at `at` spans. */
function basis(at: number, point: number): number {
  const t = Math.abs(at - (point - 1));
  if (t >= 2) return 0;
  return t < 1 ? (4 - 6 * t * t + 3 * t ** 3) / 6 : (2 - t) ** 3 / 6;
}

test('the fit equals that of Lee 1997, summed voxel by voxel', () => {
  const shape: Vector3 = [7, 5, 6];
  const spans: Vector3 = [2, 1, 3];
  const values = Float64Array.from({ length: 210 }, (_, index) => Math.sin(index * 1.7));
  const mask = Uint8Array.from(values, (value, index) => (index % 4 === 0 ? 0 : value > -0.9 ? 1 : 0));
  const masked = values.map((value, index) => value * mask[index]);
  const lattice = new BSplineLattice(spans);
  lattice.fitter(shape, mask)(masked);

  const counts = spans.map((count) => count + 3);
  const total = counts[0] * counts[1] * counts[2];
  const numerators = new Float64Array(total);
  const weights = new Float64Array(total);
  mask.forEach((used, index) => {
    if (!used) return;
    const voxel = [index % 7, Math.floor(index / 7) % 5, Math.floor(index / 35)];
    const at = voxel.map((value, axis) => (value / (shape[axis] - 1)) * spans[axis]);
    const own = Float64Array.from({ length: total }, (_, point) => {
      const c = [
        point % counts[0],
        Math.floor(point / counts[0]) % counts[1],
        Math.floor(point / counts[0] / counts[1]),
      ];
      return c.reduce((product, value, axis) => product * basis(at[axis], value), 1);
    });
    const norm = own.reduce((sum, w) => sum + w * w, 0);
    own.forEach((w, point) => {
      numerators[point] += (w * w * w * values[index]) / norm;
      weights[point] += w * w;
    });
  });
  lattice.coefficients.forEach((value, point) =>
    expect(value).toBeCloseTo(weights[point] > 0 ? numerators[point] / weights[point] : 0, 10),
  );
});

test('control points on a plane give that plane everywhere, and its border value beyond the box', () => {
  const spans: Vector3 = [1, 2, 4];
  const lattice = new BSplineLattice(spans);
  lattice.coefficients.forEach((_, point) => {
    const c = [point % 4, Math.floor(point / 4) % 5, Math.floor(point / 20)];
    lattice.coefficients[point] = 2 * c[0] - 3 * c[1] + c[2];
  });
  const at = [[0, 0.25, 1, 1.5], [0.5], [0, 0.9]];
  const field = new Float64Array(8);
  lattice.addTo(field, at);
  const plane = (x: number, y: number, z: number) => 2 * (x + 1) - 3 * (2 * y + 1) + (4 * z + 1);
  const expected = [0, 0.9].flatMap((z) => [0, 0.25, 1, 1].map((x) => plane(x, 0.5, z)));
  field.forEach((value, index) => expect(value).toBeCloseTo(expected[index], 10));
});

test('the Fourier transform equals its definition, and its inverse undoes it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), fc.integer(), (power, seed) => {
      const count = 2 ** power;
      const part = (shift: number) => Float64Array.from({ length: count }, (_, m) => Math.sin(seed + shift + 7.3 * m));
      const [re, im] = [part(0), part(1)];
      const transformed = fourier({ re, im });
      for (let n = 0; n < count; n++) {
        let [x, y] = [0, 0];
        for (let m = 0; m < count; m++) {
          const angle = (-2 * Math.PI * m * n) / count;
          x += re[m] * Math.cos(angle) - im[m] * Math.sin(angle);
          y += re[m] * Math.sin(angle) + im[m] * Math.cos(angle);
        }
        expect(transformed.re[n]).toBeCloseTo(x, 8);
        expect(transformed.im[n]).toBeCloseTo(y, 8);
      }
      fourier(transformed, 'inverse').re.forEach((value, m) => expect(value).toBeCloseTo(re[m], 10));
    }),
    { numRuns: 30 },
  );
  expect(() => fourier({ re: new Float64Array(12), im: new Float64Array(12) })).toThrow(/power of two/);
});

test("Otsu's threshold separates two humps, and nothing else", () => {
  const humps = Float32Array.from({ length: 2000 }, (_, index) =>
    index % 4 === 0 ? 300 + 20 * Math.sin(index) : 40 + 15 * Math.cos(index),
  );
  const threshold = otsuThreshold(humps);
  expect(threshold).toBeGreaterThan(55);
  expect(threshold).toBeLessThan(280);
  expect(otsuThreshold(new Float32Array(9).fill(5))).toBe(5);
});
