import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutInput, inputVoxels, latticeVoxels, pathInput, planTiles, type Tile } from '../../src/infer/tiles.js';
import { identityAffine, type Vector3 } from '../../src/volume/affine.js';
import type { LabelMap } from '../../src/volume/volume.js';

/** A region made of boxes in a small grid. */
const regions = fc
  .tuple(fc.integer({ min: 16, max: 70 }), fc.integer({ min: 16, max: 70 }), fc.integer({ min: 16, max: 50 }))
  .chain((shape) =>
    fc
      .array(fc.tuple(...shape.map((size) => fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 20 })))), {
        minLength: 1,
        maxLength: 4,
      })
      .map((boxes): LabelMap => {
        const voxels = new Uint8Array(shape[0] * shape[1] * shape[2]);
        for (const [[i0, di], [j0, dj], [k0, dk]] of boxes)
          for (let k = k0; k < Math.min(k0 + dk, shape[2]); k++)
            for (let j = j0; j < Math.min(j0 + dj, shape[1]); j++)
              for (let i = i0; i < Math.min(i0 + di, shape[0]); i++) voxels[i + shape[0] * (j + shape[1] * k)] = 1;
        return { shape, patientFromVoxel: identityAffine, voxels };
      }),
  );

const inside = ({ start, size }: Tile, voxel: Vector3) =>
  voxel.every((value, axis) => value >= start[axis] && value < start[axis] + size[axis]);

describe('planTiles', () => {
  test('1: every voxel of the region is computed exactly once, on the lattice, and no tile is idle', () => {
    fc.assert(
      fc.property(regions, fc.integer({ min: 1, max: 2_000_000 }), (region, maximum) => {
        const tiles = planTiles(region, maximum);
        const busy = new Set<Tile>();
        region.voxels.forEach((value, index) => {
          if (!value) return;
          const [nx, ny] = region.shape;
          const voxel: Vector3 = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
          const owners = tiles.filter((tile) => inside(tile, voxel));
          expect(owners).toHaveLength(1);
          busy.add(owners[0]);
        });
        expect(busy.size).toBe(tiles.length);
        for (const { start, size } of tiles) {
          expect(start.every((value) => value % latticeVoxels === 0)).toBe(true);
          expect(inputVoxels(size)).toBeLessThanOrEqual(Math.max(maximum, 33 ** 3));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('2: an empty region needs no tiles', () => {
    expect(
      planTiles({ shape: [20, 20, 20], patientFromVoxel: identityAffine, voxels: new Uint8Array(8000) }, 1e6),
    ).toEqual([]);
  });
});

describe('pathInput and cutInput', () => {
  const shape: Vector3 = [40, 41, 42];
  const image = {
    shape,
    background: -1,
    patientFromVoxel: identityAffine,
    voxels: Float32Array.from({ length: 40 * 41 * 42 }, (_, index) => index),
  };
  const at = ([i, j, k]: Vector3) =>
    i < 0 || j < 0 || k < 0 || i >= 40 || j >= 41 || k >= 42 ? -1 : i + 40 * (j + 41 * k);

  test.each([1, 3, 5])('the ×%i path sees the centres of its blocks, nine beyond either end', (step) => {
    const tile: Tile = { start: [15, 0, 30], size: [15, 30, 15] };
    const { first, count } = pathInput(tile, step);
    expect(count).toEqual(tile.size.map((size) => Math.ceil(size / step) + 18));
    const input = cutInput(image, first, count, step);
    fc.assert(
      fc.property(fc.nat(count[0] - 1), fc.nat(count[1] - 1), fc.nat(count[2] - 1), (a, b, c) => {
        const voxel = [a, b, c].map(
          (value, axis) => tile.start[axis] + step * (value - 9) + (step - 1) / 2,
        ) as unknown as Vector3;
        expect(input[a + count[0] * (b + count[1] * c)]).toBe(at(voxel));
      }),
    );
  });
});
