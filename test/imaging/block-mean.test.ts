import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAffine, type Affine } from '../../src/imaging/affine.js';
import { blockMean, coarsen } from '../../src/imaging/block-mean.js';
import { spacingMm, type Volume } from '../../src/imaging/volume.js';

const patientFromVoxel: Affine = [0, -0.5, 0, 10, 0.5, 0, 0, -20, 0, 0, 1.5, 30, 0, 0, 0, 1];

describe('blockMean', () => {
  it('keeps a linear image linear, at the right places', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })),
        (factors) => {
          const shape = [13, 9, 7] as const;
          const value = (i: number, j: number, k: number) => {
            const [x, y, z] = applyAffine(patientFromVoxel, [i, j, k]);
            return 3 * x - 2 * y + z;
          };
          const voxels = Float32Array.from({ length: 13 * 9 * 7 }, (_, index) =>
            value(index % 13, Math.floor(index / 13) % 9, Math.floor(index / 117)),
          );
          const small = blockMean({ shape, patientFromVoxel, voxels }, factors);
          expect(small.shape).toEqual(shape.map((size, axis) => Math.floor(size / factors[axis])));
          for (const [index, mean] of small.voxels.entries()) {
            const voxel = [
              index % small.shape[0],
              Math.floor(index / small.shape[0]) % small.shape[1],
              Math.floor(index / small.shape[0] / small.shape[1]),
            ] as const;
            const [x, y, z] = applyAffine(small.patientFromVoxel, voxel);
            expect(mean).toBeCloseTo(3 * x - 2 * y + z, 3);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('coarsens each axis independently, and never refines', () => {
    const volume: Volume = { shape: [40, 40, 10], patientFromVoxel, voxels: new Float32Array(16000) };
    const coarse = coarsen(volume, 2);
    expect(coarse.shape).toEqual([10, 10, 10]);
    expect(spacingMm(coarse)).toEqual([2, 2, 1.5]);
    expect(coarsen(volume, 0.1).shape).toEqual(volume.shape);
  });
});
