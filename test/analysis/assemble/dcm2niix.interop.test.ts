import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assembleSeries } from '../../../src/analysis/assemble/assemble-series.js';
import { invertAffine, multiplyAffine } from '../../../src/imaging/affine.js';
import { readNifti } from '../../../src/imaging/nifti.js';
import type { Volume } from '../../../src/imaging/volume.js';
import { hasPeer, peerEnvironment, sharedData } from '../../peers.js';

const folder = mkdtempSync(join(tmpdir(), 'dcm2niix-'));

/** dcm2niix's volume of these files. */
async function converted(files: readonly string[]): Promise<Volume> {
  const source = mkdtempSync(join(folder, 'in-'));
  files.forEach((file, index) => symlinkSync(file, join(source, `${index}.dcm`)));
  const target = mkdtempSync(join(folder, 'out-'));
  execFileSync('dcm2niix', ['-z', 'n', '-b', 'n', '-f', 'volume', '-o', target, source], { stdio: 'pipe' });
  expect(readdirSync(target)).toEqual(['volume.nii']);
  return readNifti(join(target, 'volume.nii'));
}

/**
 * `image` with its axes permuted and flipped to run as `like`'s do, which dcm2niix reorders for display.
 * Nothing is interpolated: a voxel moves to another index.
 */
function reordered(image: Volume, like: Volume): Volume {
  const step = multiplyAffine(invertAffine(image.patientFromVoxel), like.patientFromVoxel).map(Math.round);
  const index = (i: number, j: number, k: number) => {
    const [x, y, z] = [0, 4, 8].map((row) => step[row] * i + step[row + 1] * j + step[row + 2] * k + step[row + 3]);
    return x + image.shape[0] * (y + image.shape[1] * z);
  };
  const [columns, rows, slices] = like.shape;
  const voxels = new Float32Array(columns * rows * slices);
  const [origin, di] = [index(0, 0, 0), index(1, 0, 0) - index(0, 0, 0)];
  const [dj, dk] = [index(0, 1, 0) - origin, index(0, 0, 1) - origin];
  for (let k = 0, at = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, at++) voxels[at] = image.voxels[origin + i * di + j * dj + k * dk];
  return {
    shape: like.shape,
    patientFromVoxel: multiplyAffine(image.patientFromVoxel, step),
    voxels,
  };
}

/** Voxels that differ (matchers that show the difference take minutes on millions of voxels). */
const differing = (a: Volume, b: Volume) =>
  a.voxels.reduce((count, value, at) => (value === b.voxels[at] ? count : count + 1), 0);

async function expectEqual(files: readonly string[]): Promise<void> {
  const theirs = await converted(files);
  const { volume } = await assembleSeries([...files].reverse());
  expect([...volume.shape].sort()).toEqual([...theirs.shape].sort());
  const ours = reordered(volume, theirs);
  ours.patientFromVoxel.forEach((value, index) =>
    expect(Math.abs(value - theirs.patientFromVoxel[index])).toBeLessThan(1e-4),
  );
  expect(differing(ours, theirs)).toBe(0);
  // Not equal by being empty.
  expect(new Set(ours.voxels.subarray(ours.voxels.length / 2, ours.voxels.length / 2 + 50_000)).size).toBeGreaterThan(
    20,
  );
}

const filesOf = (name: string, pattern: RegExp) => {
  const data = sharedData(name);
  return data === null
    ? null
    : readdirSync(data)
        .filter((file) => pattern.test(file))
        .map((file) => join(data, file));
};

describe.skipIf(!hasPeer('dcm2niix'))('assembling agrees with dcm2niix voxel for voxel', () => {
  const real = [
    ['t1gd-siemens-avanto', /dcm$/],
    ['t1-public-domain-3t', /dcm$/],
    ['t1-fruit-ge', /dcm$/],
    ['t1-enhanced-siemens-xa30', /series5/],
    ['t1-enhanced-siemens-xa30', /series6/],
  ] as const;
  for (const [name, pattern] of real) {
    const files = filesOf(name, pattern);
    it.skipIf(files === null)(`${name} ${pattern.source}`, async () => {
      await expectEqual(files!);
    });
  }

  const compressed = [
    ['dcmcrle', []],
    ['dcmcjpeg', ['+e1']],
    ['dcmcjpls', []],
    ['gdcmconv', ['--j2k']],
    ['dcmconv', ['+tb']],
    ['dcmconv', ['+td']],
  ] as const;
  const fruit = filesOf('t1-fruit-ge', /dcm$/)?.slice(90, 110) ?? null;
  for (const [command, options] of compressed)
    it.skipIf(fruit === null || !hasPeer(command))(
      `on 20 real slices through ${command} ${options.join(' ')}`,
      async () => {
        const target = join(folder, `${command}${options.join('')}`);
        mkdirSync(target);
        const files = fruit!.map((file, index) => {
          const path = join(target, `${index}.dcm`);
          execFileSync(command, [...options, file, path], { env: peerEnvironment, stdio: 'pipe' });
          return path;
        });
        const theirs = await converted(fruit!);
        const { volume, lossy } = await assembleSeries(files);
        expect(volume.voxels).toHaveLength(theirs.voxels.length);
        expect(differing(reordered(volume, theirs), theirs)).toBe(0);
        expect(lossy).toBe(false);
      },
    );
});
