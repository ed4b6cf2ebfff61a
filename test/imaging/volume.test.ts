import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maskWhere, spacingMm, voxelCount, voxelFromIndex, voxelVolumeMm3 } from '../../src/imaging/volume.js';
import { grid } from './grids.js';

it('a voxel is found again from its index', () => {
  fc.assert(
    fc.property(grid, fc.nat(), ({ shape }, seed) => {
      const index = seed % (shape[0] * shape[1] * shape[2]);
      const [i, j, k] = voxelFromIndex(index, shape);
      expect(i + shape[0] * (j + shape[1] * k)).toBe(index);
      expect(i >= 0 && j >= 0 && i < shape[0] && j < shape[1] && k < shape[2]).toBe(true);
    }),
  );
});

it('a voxel is as large as its edges say where the axes are perpendicular', () => {
  fc.assert(
    fc.property(grid, (of) => {
      const [a, b, c] = spacingMm(of);
      expect(voxelVolumeMm3(of)).toBeCloseTo(a * b * c, 6);
    }),
  );
});

it('a mask holds the voxels asked for and no others', () => {
  fc.assert(
    fc.property(grid, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (of, values) => {
      const voxels = Float32Array.from(values.take(voxelCount(of)));
      const mask = maskWhere({ ...of, voxels }, (value) => value >= 5);
      expect([...mask.voxels]).toEqual(Array.from(voxels, (value) => (value >= 5 ? 1 : 0)));
    }),
    { numRuns: 20 },
  );
});
