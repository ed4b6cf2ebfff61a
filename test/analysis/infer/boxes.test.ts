import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutInput, inputVoxels, pathInput, type Box } from '../../../src/analysis/infer/boxes.js';
import { planBoxes, type BoxRule } from '../../../src/analysis/infer/plan-boxes.js';
import { identityAffine, type Vector3 } from '../../../src/imaging/affine.js';
import type { LabelMap } from '../../../src/imaging/volume.js';

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

const steps: BoxRule['sizeStep'][] = [
  [1, 1, 1],
  [2, 2, 1],
  [15, 30, 15],
];

describe('planBoxes', () => {
  test('1: puts every voxel of the region into a box; boxes are admissible and none is idle', () => {
    fc.assert(
      fc.property(
        regions,
        fc.integer({ min: 1, max: 500_000 }),
        fc.constantFrom(...steps),
        fc.constantFrom(1, 15),
        (region, maximum, sizeStep, start) => {
          const fits = (size: Vector3) => inputVoxels(size) <= maximum;
          const cost = (size: Vector3) => inputVoxels(size) + 1000;
          const startStep = [start, start, start] as const;
          const boxes = planBoxes(region, { startStep, sizeStep, cost, fits });
          const [nx, ny, nz] = region.shape;
          const covered = new Uint8Array(region.voxels.length);
          for (const box of boxes) {
            expect(box.start.every((value) => value % start === 0)).toBe(true);
            expect(box.size.every((value, axis) => value % sizeStep[axis] === 0)).toBe(true);
            expect(inputVoxels(box.size)).toBeLessThanOrEqual(Math.max(maximum, 78 ** 3));
            let busy = false;
            for (let k = box.start[2]; k < Math.min(nz, box.start[2] + box.size[2]); k++)
              for (let j = box.start[1]; j < Math.min(ny, box.start[1] + box.size[1]); j++)
                for (let i = box.start[0]; i < Math.min(nx, box.start[0] + box.size[0]); i++) {
                  covered[i + nx * (j + ny * k)] = 1;
                  busy ||= region.voxels[i + nx * (j + ny * k)] > 0;
                }
            expect(busy).toBe(true);
          }
          expect(region.voxels.every((value, index) => !value || covered[index] === 1)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('2: makes two small boxes of two distant specks, and one of a full cube', () => {
    const shape: Vector3 = [60, 60, 60];
    const grid = { shape, patientFromVoxel: identityAffine };
    const rule: BoxRule = {
      startStep: [1, 1, 1],
      sizeStep: [1, 1, 1],
      cost: (size) => inputVoxels(size),
      fits: () => true,
    };
    const specks = new Uint8Array(216_000);
    specks[0] = specks[215_999] = 1;
    expect(planBoxes({ ...grid, voxels: specks }, rule).map(({ start, size }) => [start, size])).toEqual([
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
      [
        [59, 59, 59],
        [1, 1, 1],
      ],
    ]);
    expect(planBoxes({ ...grid, voxels: new Uint8Array(216_000).fill(1) }, rule)).toEqual([
      { start: [0, 0, 0], size: [60, 60, 60] },
    ]);
  });

  test('3: makes no boxes for an empty region', () => {
    const region = { shape: [20, 20, 20] as const, patientFromVoxel: identityAffine, voxels: new Uint8Array(8000) };
    const rule: BoxRule = { startStep: [1, 1, 1], sizeStep: [1, 1, 1], cost: () => 1, fits: () => true };
    expect(planBoxes(region, rule)).toEqual([]);
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

  test.each([1, 3, 5])('the ×%i path sees the centres of its blocks, and nine beyond either end', (step) => {
    const box: Box = { start: [15, 0, 30], size: [15, 30, 15] };
    const { first, count } = pathInput(box, step);
    expect(count).toEqual(box.size.map((size) => Math.ceil(size / step) + 18));
    const input = cutInput(image, first, count, step);
    fc.assert(
      fc.property(fc.nat(count[0] - 1), fc.nat(count[1] - 1), fc.nat(count[2] - 1), (a, b, c) => {
        const voxel = [a, b, c].map(
          (value, axis) => box.start[axis] + step * (value - 9) + (step - 1) / 2,
        ) as unknown as Vector3;
        expect(input[a + count[0] * (b + count[1] * c)]).toBe(at(voxel));
      }),
    );
  });
});
