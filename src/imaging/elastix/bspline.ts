import type { Vector3 } from '../affine.js';

/** A cubic B-spline displacement: `displacement[c * points + index]` mm at each control point (LPS, i fastest). */
export interface BSpline {
  readonly gridSize: Vector3;
  readonly gridOriginMm: Vector3;
  readonly gridSpacingMm: Vector3;
  /** Row-major 3×3, columns are the grid's axes. */
  readonly gridDirection: readonly number[];
  readonly coefficients: Float64Array;
}

/** The four cubic B-spline weights of a point `t` (0–1) between the second and third control point. */
function cubicWeights(t: number): [number, number, number, number] {
  const u = 1 - t;
  return [(u * u * u) / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * u * u * u - 6 * u * u + 4) / 6, (t * t * t) / 6];
}

/**
 * Where the B-spline takes a point: x + u(x). Outside the region the control points support, u is 0, as in ITK.
 *
 * @see itk::BSplineTransform, elastix manual 2.6
 */
export function applyBSpline(spline: BSpline, point: Vector3): Vector3 {
  const { gridSize, gridOriginMm, gridSpacingMm, gridDirection: d, coefficients } = spline;
  const r = [point[0] - gridOriginMm[0], point[1] - gridOriginMm[1], point[2] - gridOriginMm[2]];
  const first: number[] = [];
  const weights: number[][] = [];
  for (let axis = 0; axis < 3; axis++) {
    // The direction is a rotation: its inverse is its transpose.
    const x = (d[axis] * r[0] + d[3 + axis] * r[1] + d[6 + axis] * r[2]) / gridSpacingMm[axis];
    const start = Math.floor(x) - 1;
    if (start < 0 || start + 4 > gridSize[axis]) return point;
    first.push(start);
    weights.push(cubicWeights(x - Math.floor(x)));
  }
  const points = gridSize[0] * gridSize[1] * gridSize[2];
  let ux = 0, uy = 0, uz = 0; // prettier-ignore
  for (let k = 0; k < 4; k++)
    for (let j = 0; j < 4; j++) {
      const row = first[0] + gridSize[0] * (first[1] + j + gridSize[1] * (first[2] + k));
      const weight = weights[1][j] * weights[2][k];
      for (let i = 0; i < 4; i++) {
        const w = weight * weights[0][i];
        ux += w * coefficients[row + i];
        uy += w * coefficients[points + row + i];
        uz += w * coefficients[2 * points + row + i];
      }
    }
  return [point[0] + ux, point[1] + uy, point[2] + uz];
}
