import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Affine } from '../../src/imaging/affine.js';
import { blur } from '../../src/imaging/box-blur.js';
import type { Volume } from '../../src/imaging/volume.js';
import { grid } from './grids.js';
import { voxelCount } from '../../src/imaging/volume.js';

const sigma = fc.double({ min: 0.1, max: 12, noNaN: true });
const image = fc
  .tuple(grid, fc.infiniteStream(fc.integer({ min: -100, max: 100 })))
  .map(([of, values]): Volume => ({ ...of, voxels: Float32Array.from(values.take(voxelCount(of))) }));

describe('blur', () => {
  it('leaves a constant alone, up to the borders', () => {
    fc.assert(
      fc.property(grid, sigma, (of, sigmaMm) => {
        const constant: Volume = { ...of, voxels: new Float32Array(voxelCount(of)).fill(5) };
        expect(blur(constant, sigmaMm).voxels).toEqual(constant.voxels);
      }),
    );
  });

  it('is linear, and stays between the least and the greatest value', () => {
    fc.assert(
      fc.property(image, sigma, fc.integer({ min: -5, max: 5 }), (of, sigmaMm, factor) => {
        const blurred = blur(of, sigmaMm).voxels;
        const scaled = blur({ ...of, voxels: of.voxels.map((value) => factor * value + 3) }, sigmaMm).voxels;
        scaled.forEach((value, index) => expect(value).toBeCloseTo(factor * blurred[index] + 3, 2));
        expect(Math.max(...blurred)).toBeLessThanOrEqual(Math.max(...of.voxels) + 1e-4);
        expect(Math.min(...blurred)).toBeGreaterThanOrEqual(Math.min(...of.voxels) - 1e-4);
      }),
    );
  });

  it('does not change the image it is given', () => {
    fc.assert(
      fc.property(image, sigma, (of, sigmaMm) => {
        const before = of.voxels.slice();
        blur(of, sigmaMm);
        expect(of.voxels).toEqual(before);
      }),
    );
  });

  it('spreads a point to all sides alike, by its standard deviation in mm on each axis', () => {
    const shape = [41, 31, 25] as const;
    const patientFromVoxel: Affine = [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1];
    const point: Volume = { shape, patientFromVoxel, voxels: new Float32Array(41 * 31 * 25) };
    const at = (i: number, j: number, k: number) => i + 41 * (j + 31 * k);
    point.voxels[at(20, 15, 12)] = 1;
    const { voxels } = blur(point, 5);
    const sums = [0, 0, 0];
    let sum = 0;
    for (let k = 0; k < 25; k++)
      for (let j = 0; j < 31; j++)
        for (let i = 0; i < 41; i++) {
          const value = voxels[at(i, j, k)];
          expect(value).toBeCloseTo(voxels[at(40 - i, 30 - j, 24 - k)], 6);
          sum += value;
          sums[0] += value * (i - 20) ** 2;
          sums[1] += value * (2 * (j - 15)) ** 2;
          sums[2] += value * (3 * (k - 12)) ** 2;
        }
    expect(sum).toBeCloseTo(1, 4);
    // Windows are whole voxels: the nearest to 5 mm that they reach.
    for (const square of sums) expect(Math.abs(Math.sqrt(square) - 5)).toBeLessThan(1);
  });
});
