/**
 * A 4×4 affine, row-major, 16 numbers, last row (0, 0, 0, 1). Named `targetFromSource`: it takes source coordinates and
 * gives target coordinates, so that chains read `a_from_b · b_from_c`. Patient coordinates are DICOM's: LPS, mm.
 */
export type Affine = readonly number[];
export type Vector3 = readonly [number, number, number];

export const identityAffine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** `a · b`: first b, then a. */
export function multiplyAffine(a: Affine, b: Affine): Affine {
  const product = new Array<number>(16).fill(0);
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++)
      for (let k = 0; k < 4; k++) product[row * 4 + column] += a[row * 4 + k] * b[k * 4 + column];
  return product;
}

export function applyAffine(a: Affine, [x, y, z]: Vector3): Vector3 {
  return [
    a[0] * x + a[1] * y + a[2] * z + a[3],
    a[4] * x + a[5] * y + a[6] * z + a[7],
    a[8] * x + a[9] * y + a[10] * z + a[11],
  ];
}

/** Determinant of the 3×3 part: a voxel's signed volume in mm³ for a `patientFromVoxel`. */
export function determinant(a: Affine): number {
  return a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) + a[2] * (a[4] * a[9] - a[5] * a[8]);
}

/** @throws RangeError if the 3×3 part is singular. */
export function invertAffine(a: Affine): Affine {
  const det = determinant(a);
  if (Math.abs(det) < 1e-12) throw new RangeError('affine is singular');
  const r = [
    a[5] * a[10] - a[6] * a[9], a[2] * a[9] - a[1] * a[10], a[1] * a[6] - a[2] * a[5],
    a[6] * a[8] - a[4] * a[10], a[0] * a[10] - a[2] * a[8], a[2] * a[4] - a[0] * a[6],
    a[4] * a[9] - a[5] * a[8], a[1] * a[8] - a[0] * a[9], a[0] * a[5] - a[1] * a[4],
  ].map((value) => value / det); // prettier-ignore
  const t = (row: number) => -(r[row * 3] * a[3] + r[row * 3 + 1] * a[7] + r[row * 3 + 2] * a[11]);
  return [r[0], r[1], r[2], t(0), r[3], r[4], r[5], t(1), r[6], r[7], r[8], t(2), 0, 0, 0, 1];
}
