import type { Affine, Vector3 } from '../imaging/affine.js';

/**
 * A rigid transform in LPS mm: rotation about x, then y, then z (degrees) around `centreMm`, then the translation.
 */
export function rigidAffine(rotationDeg: Vector3, translationMm: Vector3, centreMm: Vector3 = [0, 0, 0]): Affine {
  const [a, b, c] = rotationDeg.map((degrees) => (degrees * Math.PI) / 180);
  const [sa, ca, sb, cb, sc, cc] = [Math.sin(a), Math.cos(a), Math.sin(b), Math.cos(b), Math.sin(c), Math.cos(c)];
  const r = [
    [cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
    [sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
    [-sb, cb * sa, cb * ca],
  ];
  const rows = r.map((row, axis) => [
    ...row,
    centreMm[axis] + translationMm[axis] - (row[0] * centreMm[0] + row[1] * centreMm[1] + row[2] * centreMm[2]),
  ]);
  return [...rows.flat(), 0, 0, 0, 1];
}
