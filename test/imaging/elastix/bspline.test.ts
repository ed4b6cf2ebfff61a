import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParameterMap } from '../../../src/imaging/elastix/parameter-map.js';
import { applyTransforms, parseTransform } from '../../../src/imaging/elastix/transform.js';
import type { Vector3 } from '../../../src/imaging/affine.js';
import { hasPeer } from '../../peers.js';

/** elastix's text form of a parameter map. */
const written = (map: ParameterMap): string =>
  Object.entries(map)
    .map(([name, values]) => {
      const text = values.map((value) => (Number.isNaN(Number(value)) ? `"${value}"` : value)).join(' ');
      return `(${name} ${text})`;
    })
    .join('\n');

const image: ParameterMap = {
  FixedImageDimension: ['3'],
  MovingImageDimension: ['3'],
  FixedInternalImagePixelType: ['float'],
  MovingInternalImagePixelType: ['float'],
  HowToCombineTransforms: ['Compose'],
  Size: ['60', '60', '60'],
  Index: ['0', '0', '0'],
  Spacing: ['2', '2', '2'],
  Origin: ['-60', '-60', '-60'],
  Direction: ['1', '0', '0', '0', '1', '0', '0', '0', '1'],
  UseDirectionCosines: ['true'],
  Resampler: ['DefaultResampler'],
  ResampleInterpolator: ['FinalBSplineInterpolator'],
  ResultImageFormat: ['mhd'],
  ResultImagePixelType: ['float'],
};
const euler: ParameterMap = {
  ...image,
  Transform: ['EulerTransform'],
  NumberOfParameters: ['6'],
  TransformParameters: ['0.1', '-0.2', '0.3', '4', '-5', '6'],
  CenterOfRotationPoint: ['3', '-7', '11'],
  ComputeZYX: ['false'],
  InitialTransformParametersFileName: ['NoInitialTransform'],
};
const affine: ParameterMap = {
  ...image,
  Transform: ['AffineTransform'],
  NumberOfParameters: ['12'],
  TransformParameters: ['1.1', '0.05', '-0.02', '0.03', '0.9', '0.04', '-0.06', '0.01', '1.05', '-2', '3', '1'],
  CenterOfRotationPoint: ['-4', '8', '2'],
};
const points = 9 * 8 * 7;
const bspline: ParameterMap = {
  ...image,
  Transform: ['BSplineTransform'],
  NumberOfParameters: [String(3 * points)],
  TransformParameters: Array.from({ length: 3 * points }, (_, index) => (6 * Math.sin(index * 1.7)).toFixed(6)),
  GridSize: ['9', '8', '7'],
  GridIndex: ['0', '0', '0'],
  GridSpacing: ['20', '22', '24'],
  GridOrigin: ['-85', '-72', '-80'],
  // A turn about z and x, column by column as elastix writes it: an asymmetric matrix tells the two orders apart.
  GridDirection: ['0.8', '0.6', '0', '-0.48', '0.64', '0.6', '0.36', '-0.48', '0.8'],
  BSplineTransformSplineOrder: ['3'],
  UseCyclicTransform: ['false'],
};

describe.skipIf(!hasPeer('transformix'))('transforms, beside transformix', () => {
  let folder: string;
  const probes = Array.from({ length: 60 }, (_, index): Vector3 => [
    ((index * 7) % 80) - 40,
    ((index * 13) % 70) - 35,
    ((index * 29) % 60) - 30,
  ]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'priora-elastix-'));
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  async function transformix(chain: ParameterMap[]): Promise<Vector3[]> {
    let initial = 'NoInitialTransform';
    for (const [index, map] of chain.entries()) {
      const path = join(folder, `transform.${index}.txt`);
      await writeFile(path, written({ ...map, InitialTransformParametersFileName: [initial] }));
      initial = path;
    }
    const input = join(folder, 'points.txt');
    await writeFile(input, `point\n${probes.length}\n${probes.map((point) => point.join(' ')).join('\n')}\n`);
    execFileSync('transformix', ['-tp', initial, '-def', input, '-out', folder], { stdio: 'ignore' });
    const output = await readFile(join(folder, 'outputpoints.txt'), 'utf8');
    return [...output.matchAll(/OutputPoint = \[ (\S+) (\S+) (\S+) \]/g)].map(([, x, y, z]): Vector3 => [
      Number(x),
      Number(y),
      Number(z),
    ]);
  }

  it.each([
    ['Euler', [euler]],
    ['affine', [affine]],
    ['B-spline with a turned grid', [bspline]],
    ['all three, composed', [euler, affine, bspline]],
  ])('agree to a thousandth of a millimetre: %s', async (_, chain) => {
    const theirs = await transformix(chain);
    const stages = chain.map((map) => parseTransform(map));
    expect(theirs).toHaveLength(probes.length);
    for (const [index, point] of probes.entries()) {
      const ours = applyTransforms(stages, point);
      for (let axis = 0; axis < 3; axis++) expect(Math.abs(ours[axis] - theirs[index][axis])).toBeLessThan(1e-3);
    }
  });
});

describe('parseTransform', () => {
  it('refuses what it does not know', () => {
    expect(() => parseTransform({ Transform: ['SplineKernelTransform'] })).toThrow(/unknown transform/);
    expect(() => parseTransform({ ...bspline, BSplineTransformSplineOrder: ['2'] })).toThrow(/unknown transform/);
  });
});
