import fc from 'fast-check';
import { multiplyAffine, type Affine, type Vector3 } from '../../src/imaging/affine.js';
import type { Grid } from '../../src/imaging/volume.js';

const coordinate = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });

export const point: fc.Arbitrary<Vector3> = fc.tuple(coordinate(200), coordinate(200), coordinate(200));

/** A rotation of any angle about any axis, and a shift. */
export const rigid: fc.Arbitrary<Affine> = fc
  .tuple(coordinate(1), coordinate(1), coordinate(1), coordinate(Math.PI), point)
  .filter(([x, y, z]) => Math.hypot(x, y, z) > 0.1)
  .map(([a, b, c, angle, [tx, ty, tz]]) => {
    const norm = Math.hypot(a, b, c);
    const [x, y, z, cos, sin] = [a / norm, b / norm, c / norm, Math.cos(angle), Math.sin(angle)];
    const k = 1 - cos;
    return [
      cos + x * x * k, x * y * k - z * sin, x * z * k + y * sin, tx,
      y * x * k + z * sin, cos + y * y * k, y * z * k - x * sin, ty,
      z * x * k - y * sin, z * y * k + x * sin, cos + z * z * k, tz,
      0, 0, 0, 1,
    ]; // prettier-ignore
  });

/** Voxels of 0.4 to 3 mm, in any orientation, on either hand. */
export const patientFromVoxel: fc.Arbitrary<Affine> = fc
  .tuple(rigid, fc.tuple(...[0, 1, 2].map(() => fc.double({ min: 0.4, max: 3, noNaN: true }))), fc.boolean())
  .map(([placed, [sx, sy, sz], mirrored]) =>
    multiplyAffine(placed, [mirrored ? -sx : sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, sz, 0, 0, 0, 0, 1]),
  );

/** A few voxels an axis, one among them. */
export const shape: fc.Arbitrary<Vector3> = fc.tuple(
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 5 }),
);

export const grid: fc.Arbitrary<Grid> = fc.record({ shape, patientFromVoxel });

/** A linear function of patient coordinates, which linear interpolation must keep. */
export const linear = ([x, y, z]: Vector3): number => 3 * x - 2 * y + z + 7;
