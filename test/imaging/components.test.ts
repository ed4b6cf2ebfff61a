import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityAffine } from '../../src/imaging/affine.js';
import {
  componentBox,
  connectedComponents,
  labelComponents,
  labelledComponents,
} from '../../src/imaging/components.js';
import { boundingBox } from '../../src/imaging/crop.js';
import { voxelFromIndex } from '../../src/imaging/volume.js';
import { shape as anyShape } from './grids.js';

const mask = fc.tuple(anyShape, fc.infiniteStream(fc.integer({ min: 0, max: 3 }))).map(([shape, values]) => ({
  shape,
  // Bits of its own, as detections have them: 1, 2, 3.
  found: Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () => {
    const value = values.next().value as number;
    return value > 1 ? 0 : value + (value && 1);
  }),
}));

/** Voxels that touch, by comparing every pair until nothing changes. */
function slowComponents(found: Uint8Array, shape: readonly [number, number, number]): number[][] {
  const names = Array.from(found, (value, index) => (value ? index : -1));
  for (let changed = true; changed;) {
    changed = false;
    for (let a = 0; a < names.length; a++)
      for (let b = 0; b < names.length; b++) {
        if (names[a] < 0 || names[b] < 0 || names[a] <= names[b]) continue;
        const [p, q] = [voxelFromIndex(a, shape), voxelFromIndex(b, shape)];
        if (p.some((at, axis) => Math.abs(at - q[axis]) > 1)) continue;
        names[a] = names[b];
        changed = true;
      }
  }
  const groups = new Map<number, number[]>();
  names.forEach((name, index) => name >= 0 && groups.set(name, [...(groups.get(name) ?? []), index]));
  return [...groups.values()];
}

describe('connected components', () => {
  it('are what touches, corners included, in the order of their first voxel; the mask is left as it was', () => {
    fc.assert(
      fc.property(mask, ({ shape, found }) => {
        const before = found.slice();
        expect(connectedComponents(found, shape).map((part) => [...part])).toEqual(slowComponents(before, shape));
        expect(found).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  it('do not reach from the end of a row to the beginning of the next', () => {
    expect(connectedComponents(Uint8Array.of(0, 0, 1, 1, 0, 0), [3, 2, 1])).toHaveLength(2);
  });

  it('have the boxes that their labels have', () => {
    fc.assert(
      fc.property(mask, ({ shape, found }) => {
        for (const component of connectedComponents(found, shape)) {
          const voxels = new Uint8Array(found.length);
          for (const index of component) voxels[index] = 1;
          expect(componentBox(component, shape)).toEqual(
            boundingBox({ shape, patientFromVoxel: identityAffine, voxels }),
          );
        }
      }),
    );
  });

  it('are numbered from the largest down, and read back from their labels', () => {
    fc.assert(
      fc.property(mask, ({ shape, found }) => {
        const grid = { shape, patientFromVoxel: identityAffine };
        const { components, labels } = labelComponents(found, grid, (component) => component.length > 1);
        const sizes = components.map(({ length }) => length);
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
        expect(sizes.every((size) => size > 1)).toBe(true);
        expect(labelledComponents(labels)).toEqual(components);
      }),
    );
  });
});
