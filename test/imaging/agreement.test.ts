import { describe, expect, it } from 'vitest';
import { identityAffine, invertAffine, type Affine } from '../../src/imaging/affine.js';
import { blur } from '../../src/imaging/box-blur.js';
import { correlate } from '../../src/imaging/correlation.js';
import { edgeAgreement } from '../../src/imaging/edge-agreement.js';
import { flatten } from '../../src/imaging/flatten.js';
import { mutualInformation } from '../../src/imaging/mutual-information.js';
import { resampleLinear } from '../../src/imaging/resample.js';
import type { LabelMap, Volume } from '../../src/imaging/volume.js';

const shape = [40, 36, 32] as const;
const patientFromVoxel: Affine = [2, 0, 0, -40, 0, 2, 0, -36, 0, 0, 2, -32, 0, 0, 0, 1];
const count = 40 * 36 * 32;
/** Two balls in a third: edges, three levels, no symmetry. */
function image(value: (level: number, x: number) => number): Volume {
  const voxels = Float32Array.from({ length: count }, (_, index) => {
    const [x, y, z] = [index % 40, Math.floor(index / 40) % 36, Math.floor(index / 1440)];
    const level =
      Math.hypot(x - 14, y - 18, z - 16) < 4 ? 3
      : Math.hypot(x - 24, y - 14, z - 18) < 5 ? 1
      : Math.hypot(x - 20, y - 18, z - 16) < 13 ? 2
      : 0; // prettier-ignore
    return value(level, x);
  });
  return { shape, patientFromVoxel, voxels };
}
const plain = image((level) => level);
const inverted = image((level) => 3 - level);
const everywhere: LabelMap = { shape, patientFromVoxel, voxels: new Uint8Array(count).fill(1) };
const shift: Affine = [1, 0, 0, 6, 0, 1, 0, -4, 0, 0, 1, 2, 0, 0, 0, 1];
const ceilings = { fixed: 3, moving: 3 };

describe('measures of agreement', () => {
  it('are greatest where a shifted copy is shifted back', () => {
    const moved = resampleLinear(plain, { shape, patientFromVoxel }, invertAffine(shift));
    for (const measure of [
      (affine: Affine) => correlate(plain, moved, affine).correlation,
      (affine: Affine) => mutualInformation(plain, moved, affine, ceilings).normalised,
    ]) {
      const right = measure(shift);
      expect(right).toBeGreaterThan(measure(identityAffine));
      for (const axis of [3, 7, 11])
        for (const mm of [-2, 2])
          expect(right).toBeGreaterThan(measure(shift.map((value, index) => (index === axis ? value + mm : value))));
    }
  });

  it('tell an inverted image apart or not, as they should', () => {
    expect(correlate(plain, inverted, identityAffine).correlation).toBeCloseTo(-1, 5);
    const same = mutualInformation(plain, plain, identityAffine, ceilings).normalised;
    expect(mutualInformation(plain, inverted, identityAffine, ceilings).normalised).toBeGreaterThan(0.95 * same);
    expect(edgeAgreement(plain, inverted, everywhere)).toBeCloseTo(1, 5);
  });

  it('give nothing for a constant image or without overlap', () => {
    const constant = image(() => 5);
    const away: Affine = [1, 0, 0, 900, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(correlate(plain, constant, identityAffine).correlation).toBe(0);
    expect(correlate(plain, plain, away)).toEqual({ correlation: 0, overlap: 0 });
    expect(mutualInformation(plain, plain, away, ceilings)).toEqual({ normalised: 1, overlap: 0 });
    expect(edgeAgreement(plain, constant, everywhere)).toBe(0);
  });

  it('look only inside the mask', () => {
    const half: LabelMap = { ...everywhere, voxels: everywhere.voxels.map((_, index) => (index % 40 < 20 ? 1 : 0)) };
    const broken = { ...plain, voxels: plain.voxels.map((value, index) => (index % 40 < 21 ? value : 7 - value)) };
    expect(correlate(plain, broken, identityAffine, half).correlation).toBeCloseTo(1, 5);
    expect(correlate(plain, broken, identityAffine).correlation).toBeLessThan(0.9);
  });
});

describe('blur', () => {
  it('keeps the mean of what lies far from the borders, and spreads by its standard deviation', () => {
    const point: Volume = { shape, patientFromVoxel, voxels: new Float32Array(count) };
    point.voxels[20 + 40 * (18 + 36 * 16)] = 1;
    const spread = blur(point, 6);
    let sum = 0;
    let squares = 0;
    for (const [index, value] of spread.voxels.entries()) {
      sum += value;
      squares += value * (2 * ((index % 40) - 20)) ** 2;
    }
    expect(sum).toBeCloseTo(1, 3);
    expect(Math.sqrt(squares)).toBeGreaterThan(5);
    expect(Math.sqrt(squares)).toBeLessThan(7);
  });
});

describe('flatten', () => {
  it('evens out a shading of four to one', () => {
    const tissue = (volume: Volume, from: number, to: number) => {
      const values = [...volume.voxels].filter(
        (_, index) => plain.voxels[index] === 2 && index % 40 >= from && index % 40 < to,
      );
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const shaded = image((level, x) => level * 100 * (1 + (3 * x) / 40));
    expect(tissue(shaded, 28, 34) / tissue(shaded, 6, 12)).toBeGreaterThan(1.7);
    // Head-sized: 5 mm voxels.
    const flat = flatten({ ...shaded, patientFromVoxel: [5, 0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1] });
    const ratio = tissue(flat, 28, 34) / tissue(flat, 6, 12);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.45);
    expect(Math.max(...flat.voxels)).toBeLessThanOrEqual(2.5);
  });
});
