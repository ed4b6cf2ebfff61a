import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trilinear } from '../../src/imaging/trilinear.js';
import { voxelFromIndex } from '../../src/imaging/volume.js';
import { linear, shape } from './grids.js';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
/** A place between the outermost voxel centres. */
const inside = fc.record({ shape, parts: fc.tuple(fraction, fraction, fraction) }).map(({ shape, parts }) => ({
  shape,
  place: parts.map((part, axis) => part * (shape[axis] - 1)) as [number, number, number],
}));
const image = (of: readonly [number, number, number], value: (voxel: readonly [number, number, number]) => number) => ({
  shape: of,
  voxels: Float32Array.from({ length: of[0] * of[1] * of[2] }, (_, index) => value(voxelFromIndex(index, of))),
});

describe('trilinear', () => {
  it('keeps a linear function, in every shape and up to the outermost voxel centres', () => {
    fc.assert(
      fc.property(inside, ({ shape, place }) => {
        // A flat axis has one value, whatever the place on it.
        const flat = (at: readonly number[]) => at.map((value, axis) => (shape[axis] > 1 ? value : 0));
        const value = (at: readonly number[]) => linear(flat(at) as [number, number, number]);
        expect(trilinear(image(shape, value), ...place)).toBeCloseTo(value(place), 3);
      }),
    );
  });

  it('gives voxels themselves at their centres, and stays between the least and the greatest elsewhere', () => {
    fc.assert(
      fc.property(inside, fc.infiniteStream(fc.integer({ min: -999, max: 999 })), ({ shape, place }, values) => {
        const random = image(shape, () => values.next().value as number);
        random.voxels.forEach((value, index) => {
          expect(trilinear(random, ...voxelFromIndex(index, shape))).toBe(value);
        });
        const value = trilinear(random, ...place);
        expect(value).toBeGreaterThanOrEqual(Math.min(...random.voxels) - 1e-6);
        expect(value).toBeLessThanOrEqual(Math.max(...random.voxels) + 1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('does not care which axis comes first', () => {
    fc.assert(
      fc.property(inside, ({ shape, place }) => {
        const value = ([i, j, k]: readonly number[]) => Math.sin(3 * i + 5 * j + 7 * k);
        const [nx, ny, nz] = shape;
        const turned = trilinear(
          image([nz, nx, ny], ([k, i, j]) => value([i, j, k])),
          place[2],
          place[0],
          place[1],
        );
        expect(trilinear(image(shape, value), ...place)).toBeCloseTo(turned, 5);
      }),
    );
  });
});
