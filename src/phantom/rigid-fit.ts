import type { Affine, Vector3 } from '../imaging/affine.js';

interface Pair {
  readonly from: Vector3;
  readonly to: Vector3;
}

/**
 * The rigid transform that brings the points `from` nearest to `to`, in the sense of least squares.
 *
 * @see Horn 1987, Closed-form solution of absolute orientation using unit quaternions
 */
export function rigidFit(pairs: readonly Pair[]): Affine {
  const mean = (of: (pair: Pair) => Vector3) =>
    [0, 1, 2].map((axis) => pairs.reduce((sum, pair) => sum + of(pair)[axis], 0) / pairs.length);
  const [a, b] = [mean(({ from }) => from), mean(({ to }) => to)];
  // s[r][c] = Σ from_r · to_c about both centroids.
  const s = [0, 1, 2].map((r) =>
    [0, 1, 2].map((c) => pairs.reduce((sum, { from, to }) => sum + (from[r] - a[r]) * (to[c] - b[c]), 0)),
  );
  const n = [
    [s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]],
    [s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]],
    [s[2][0] - s[0][2], s[0][1] + s[1][0], s[1][1] - s[0][0] - s[2][2], s[1][2] + s[2][1]],
    [s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], s[2][2] - s[0][0] - s[1][1]],
  ];
  // The eigenvector of the largest eigenvalue by power iteration; the shift makes that one the largest in magnitude.
  const shift = Math.sqrt(n.flat().reduce((sum, value) => sum + value * value, 0));
  let q = [1, 0.01, 0.01, 0.01];
  for (let iteration = 0; iteration < 2000; iteration++) {
    const next = n.map((row, r) => row.reduce((sum, value, c) => sum + value * q[c], shift * q[r]));
    const length = Math.hypot(...next);
    q = next.map((value) => value / length);
  }
  const [w, x, y, z] = q;
  const rotation = [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
  const rows = rotation.flatMap((row, r) => [...row, b[r] - row.reduce((sum, value, c) => sum + value * a[c], 0)]);
  return [...rows, 0, 0, 0, 1];
}
