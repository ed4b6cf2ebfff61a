import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { assembleSeries } from '../../../src/analysis/assemble/assemble-series.js';
import { correctBias } from '../../../src/analysis/prepare/bias-correction.js';
import { otsuThreshold } from '../../../src/analysis/prepare/otsu.js';
import { loadTemplate } from '../../../src/analysis/prepare/template.js';
import { coarsen } from '../../../src/imaging/block-mean.js';
import { spacingMm, type Volume } from '../../../src/imaging/volume.js';
import { required, sharedData } from '../../peers.js';

/** A shading of ±45 %, smooth over the head. */
function shading([nx, ny, nz]: Volume['shape']): Float64Array {
  return Float64Array.from({ length: nx * ny * nz }, (_, index) => {
    const [i, j, k] = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
    return Math.exp(0.4 * Math.sin((2 * i) / nx + 0.3) * Math.cos((3 * j) / ny) + 0.3 * (k / nz - 0.5));
  });
}

/** How two corrections agree where there is tissue. */
function agreement(image: Volume, mine: Float32Array, other: ArrayLike<number>) {
  const threshold = otsuThreshold(image.voxels);
  const rows: [mine: number, other: number][] = [];
  image.voxels.forEach((value, index) => {
    if (value > threshold) rows.push([Math.log(value / mine[index]), Math.log(value / other[index])]);
  });
  const mean = (of: (row: [number, number]) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const [a, b] = [mean(([x]) => x), mean(([, y]) => y)];
  const [va, vb] = [mean(([x]) => (x - a) ** 2), mean(([, y]) => (y - b) ** 2)];
  const quotient = mean(([x, y]) => Math.exp(y - x));
  return {
    correlation: mean(([x, y]) => (x - a) * (y - b)) / Math.sqrt(va * vb),
    coefficientOfVariation: Math.sqrt(mean(([x, y]) => (Math.exp(y - x) - quotient) ** 2)) / quotient,
  };
}

let head: Volume;
let shaded: Volume;
let corrected: Volume;
beforeAll(async () => {
  head = coarsen((await loadTemplate()).head, 2);
  const field = shading(head.shape);
  shaded = { ...head, voxels: head.voxels.map((value, index) => value * field[index]) };
  corrected = correctBias(shaded, 'n4');
});

describe('correctBias', () => {
  test('removes more than half of a known strong shading', () => {
    const truth = correctBias(head, 'n4').voxels;
    const before = agreement(shaded, shaded.voxels, truth).coefficientOfVariation;
    expect(before).toBeGreaterThan(0.18);
    expect(agreement(shaded, corrected.voxels, truth).coefficientOfVariation).toBeLessThan(before / 2);
  });

  test('gives the same bytes for the same image; `none` leaves it alone', () => {
    expect(Buffer.from(correctBias(shaded, 'n4').voxels.buffer).equals(Buffer.from(corrected.voxels.buffer))).toBe(
      true,
    );
    expect(correctBias(shaded, 'none')).toBe(shaded);
  });

  test('returns an image that tells nothing about the field unchanged: one of one value, or of few slices', () => {
    const flat = { ...head, voxels: new Float32Array(head.voxels.length).fill(7) };
    expect(Buffer.from(correctBias(flat, 'n4').voxels.buffer).equals(Buffer.from(flat.voxels.buffer))).toBe(true);
    const [nx, ny] = head.shape;
    const thin: Volume = { ...shaded, shape: [nx, ny, 3], voxels: shaded.voxels.slice(40 * nx * ny, 43 * nx * ny) };
    expect(correctBias(thin, 'n4').voxels.every(Number.isFinite)).toBe(true);
  });
});

const hasITK = required(
  existsSync('/usr/include/ITK-5.2/itkN4BiasFieldCorrectionImageFilter.h') &&
    spawnSync('g++', ['--version']).status === 0,
  'libinsighttoolkit5-dev',
);

describe.skipIf(!hasITK)("ITK's N4", () => {
  const folder = mkdtempSync(join(tmpdir(), 'priora-n4-'));
  const program = join(folder, 'n4');
  beforeAll(() => {
    const source = resolve(import.meta.dirname, '../../peers/n4.cpp');
    const libraries = ['-lITKCommon-5.2', '-lITKStatistics-5.2', '-litkvnl_algo-5.2', '-litkvnl-5.2', '-litksys-5.2'];
    execFileSync('g++', ['-std=c++17', '-O1', '-w', '-I/usr/include/ITK-5.2', source, '-o', program, ...libraries]);
  });

  function itk(image: Volume): Float32Array {
    const [input, output] = ['in.raw', 'out.raw'].map((name) => join(folder, name));
    writeFileSync(input, new Uint8Array(image.voxels.buffer, image.voxels.byteOffset, image.voxels.byteLength));
    execFileSync(program, [input, output, ...[...image.shape, ...spacingMm(image)].map(String)]);
    const bytes = readFileSync(output);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  test('agrees on the shaded head', () => {
    const { correlation, coefficientOfVariation } = agreement(shaded, corrected.voxels, itk(shaded));
    expect(correlation).toBeGreaterThan(0.995);
    expect(coefficientOfVariation).toBeLessThan(0.01);
  });

  const series = sharedData('t1gd-siemens-avanto');
  test.skipIf(series === null)('agrees on a real post-contrast head', async () => {
    const names = await readdir(series!, { recursive: true });
    const files = names.filter((name) => name.endsWith('.dcm')).map((name) => join(series!, name));
    const image = coarsen((await assembleSeries(files)).volume, 2);
    const { correlation, coefficientOfVariation } = agreement(image, correctBias(image, 'n4').voxels, itk(image));
    expect(correlation).toBeGreaterThan(0.995);
    expect(coefficientOfVariation).toBeLessThan(0.01);
  });
});
