import { describe, expect, it } from 'vitest';
import { normalise } from '../../../src/analysis/prepare/normalise.js';
import { identityAffine } from '../../../src/imaging/affine.js';
import type { LabelMap, Volume } from '../../../src/imaging/volume.js';

const shape = [20, 20, 20] as const;
const image: Volume = {
  shape,
  patientFromVoxel: identityAffine,
  // Far from 0: what a naive sum of squares gets wrong.
  voxels: Float32Array.from({ length: 8000 }, (_, index) => 30000 + (index % 7) - (index % 3)),
};
const mask: LabelMap = {
  shape,
  patientFromVoxel: identityAffine,
  voxels: Uint8Array.from({ length: 8000 }, (_, index) => (index % 5 === 0 ? 1 : 0)),
};

function moments(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

describe('normalise', () => {
  it('gives mean 0 and variance 1 in the mask, and the background value outside', () => {
    const result = normalise(image, mask, {
      masking: 'brain',
      normalisation: 'z-score-in-mask',
      backgroundValue: -3,
    });
    const inside = [...result.voxels].filter((_, index) => mask.voxels[index]);
    const { mean, variance } = moments(inside);
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 5);
    expect(new Set([...result.voxels].filter((_, index) => !mask.voxels[index]))).toEqual(new Set([-3]));
  });

  it('keeps what lies outside on the same scale if it does not mask', () => {
    const result = normalise(image, mask, { masking: 'none', normalisation: 'z-score-in-mask', backgroundValue: 0 });
    const slope = (result.voxels[3] - result.voxels[0]) / (image.voxels[3] - image.voxels[0]);
    const offset = result.voxels[0] - slope * image.voxels[0];
    for (const [index, value] of result.voxels.entries())
      expect(Math.abs(value - (slope * image.voxels[index] + offset))).toBeLessThan(0.01);
  });

  it('can take the whole image as reference', () => {
    const result = normalise(image, mask, { masking: 'none', normalisation: 'z-score-whole' });
    const { mean, variance } = moments([...result.voxels]);
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 5);
  });

  it('includes the zeros outside the brain of a masked image, which become the background value', () => {
    const result = normalise(image, mask, { masking: 'brain', normalisation: 'z-score-whole' });
    const { mean, variance } = moments([...result.voxels]);
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 4);
    expect(new Set([...result.voxels].filter((_, index) => !mask.voxels[index]))).toEqual(
      new Set([Math.fround(result.background)]),
    );
    // A fifth of the image is about 30000, the rest 0: the zeros lie half a deviation below the mean.
    expect(result.background).toBeCloseTo(-0.5, 2);
  });

  it('makes a constant region 0 rather than infinite', () => {
    const flat = { ...image, voxels: new Float32Array(8000).fill(7) };
    const result = normalise(flat, mask, { masking: 'brain', normalisation: 'z-score-in-mask', backgroundValue: 0 });
    expect(result.voxels.every((value) => value === 0)).toBe(true);
  });

  it('refuses an empty mask and one on another grid', () => {
    const preprocessing = { masking: 'brain', normalisation: 'z-score-in-mask', backgroundValue: 0 } as const;
    expect(() => normalise(image, { ...mask, voxels: new Uint8Array(8000) }, preprocessing)).toThrow(/empty/);
    expect(() => normalise(image, { ...mask, voxels: new Uint8Array(10) }, preprocessing)).toThrow(RangeError);
  });
});
