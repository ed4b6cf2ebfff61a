import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { suspicious } from '../../../src/analysis/infer/network.js';
import { chooseProvider } from '../../../src/analysis/infer/provider.js';
import { identityAffine } from '../../../src/imaging/affine.js';

describe('chooseProvider', () => {
  const good = { driver: true, difference: 1e-5 };
  const refused = [
    [{ driver: false, difference: null }, 'driver'],
    [{ driver: true, difference: null }, 'could not be loaded'],
    [{ driver: true, difference: 0.01 }, 'differ'],
    [{ driver: true, difference: NaN }, 'differ'],
  ] as const;

  test('1: uses CUDA if it is there and computes what the CPU computes, unless the CPU was asked for', () => {
    expect(chooseProvider('auto', good)).toBe('cuda');
    expect(chooseProvider('cuda', good)).toBe('cuda');
    expect(chooseProvider('cpu', good)).toBe('cpu');
  });

  test.each(refused)('2: with %j falls back if either will do, and refuses if CUDA was asked for', (cuda, reason) => {
    expect(chooseProvider('auto', cuda)).toBe('cpu');
    expect(() => chooseProvider('cuda', cuda)).toThrow(reason);
  });
});

test('suspicious gives the voxels of the region near one that reaches the threshold, and no others', () => {
  const shape = [9, 8, 7] as const;
  const size = 9 * 8 * 7;
  const voxels = (value: number) => fc.array(fc.integer({ min: 0, max: value }), { minLength: size, maxLength: size });
  fc.assert(
    fc.property(voxels(1), voxels(60), fc.integer({ min: 0, max: 2 }), (inside, map, margin) => {
      const region = { shape, patientFromVoxel: identityAffine, voxels: Uint8Array.from(inside) };
      const found = suspicious(region, Float32Array.from(map), 59, margin);
      const place = (index: number) => [index % 9, Math.floor(index / 9) % 8, Math.floor(index / 72)];
      const hits = [...map.keys()].filter((index) => map[index] >= 59).map(place);
      found.voxels.forEach((value, index) => {
        const near = hits.some((hit) => hit.every((at, axis) => Math.abs(at - place(index)[axis]) <= margin));
        expect(value).toBe(near && inside[index] ? 1 : 0);
      });
    }),
    { numRuns: 15 },
  );
});
