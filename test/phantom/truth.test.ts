import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleSeries } from '../../src/analysis/assemble/assemble-series.js';
import { generatePhantoms, type PhantomFormat } from '../../src/phantom/generate.js';
import type { PhantomTruth } from '../../src/phantom/truth.js';
import {
  applyAffine,
  identityAffine,
  invertAffine,
  multiplyAffine,
  type Affine,
  type Vector3,
} from '../../src/imaging/affine.js';
import { readNifti } from '../../src/imaging/nifti.js';
import { resampleLinear } from '../../src/imaging/resample.js';
import { voxelVolumeMm3, type Grid, type Volume } from '../../src/imaging/volume.js';

/** Of this patient a sagittal scan is followed by an axial one, and of two scans' lesions there is one of every change. */
const seed = 18994;

interface TimePoint {
  readonly folder: string;
  readonly image: Volume;
  readonly label: Volume;
  readonly mask: Volume;
  readonly truth: PhantomTruth;
}

let root: string;
const made: Partial<Record<PhantomFormat, TimePoint[]>> = {};

async function imageOf(folder: string, format: PhantomFormat): Promise<Volume> {
  if (format !== 'dicom') return readNifti(join(folder, 'image.nii.gz'));
  const files = (await readdir(join(folder, 'series'))).map((name) => join(folder, 'series', name));
  return (await assembleSeries(files)).volume;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'priora-truth-'));
  for (const format of ['dicom', 'nifti'] as const) {
    await generatePhantoms({ seed, patients: 1, timePoints: 2, format, out: join(root, format) });
    made[format] = await Promise.all(
      ['t0', 't1'].map(async (time) => {
        const folder = join(root, format, 'PHANTOM-18994', time);
        return {
          folder,
          image: await imageOf(folder, format),
          label: await readNifti(join(folder, 'label.nii.gz')),
          mask: await readNifti(join(folder, 'mask.nii.gz')),
          truth: JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')) as PhantomTruth,
        };
      }),
    );
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const indexOf = ({ shape: [nx, ny] }: Grid, voxel: Vector3) => {
  const [i, j, k] = voxel.map(Math.round);
  return i + nx * (j + ny * k);
};
const digest = ({ voxels }: Volume) => createHash('sha256').update(new Uint8Array(voxels.buffer)).digest('hex');
const spread = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
};

describe('the truth beside a phantom', () => {
  let prior: TimePoint;
  let current: TimePoint;
  let both: TimePoint[];
  beforeAll(() => {
    [prior, current] = both = made.dicom!;
  });

  it('lies next to the scan, the same in both formats', async () => {
    expect((await readdir(prior.folder)).sort()).toEqual(['label.nii.gz', 'mask.nii.gz', 'series', 'truth.json']);
    for (const [time, { folder, image, label, mask, truth }] of made.nifti!.entries()) {
      expect((await readdir(folder)).sort()).toEqual(['image.nii.gz', 'label.nii.gz', 'mask.nii.gz', 'truth.json']);
      expect(both[time].truth).toEqual(truth);
      expect(digest(both[time].image)).toBe(digest(image));
      expect(digest(both[time].label)).toBe(digest(label));
      expect(digest(both[time].mask)).toBe(digest(mask));
    }
  });

  it('says to which scan it belongs', () => {
    expect(prior.truth).toMatchObject({ seed, patient: 'PHANTOM-18994', timePoint: 0, day: 0, hasPrior: false });
    expect(prior.truth.priorFromCurrent).toBeNull();
    expect(current.truth).toMatchObject({ timePoint: 1, hasPrior: true });
  });

  it('has the grid of the image, as the node assembles it', () => {
    for (const { image, label, mask } of both)
      for (const grid of [label, mask]) {
        expect(grid.shape).toEqual(image.shape);
        const [nx, ny, nz] = image.shape;
        const corners: Vector3[] = [[0, 0, 0], [nx, 0, 0], [0, ny, 0], [0, 0, nz]]; // prettier-ignore
        const offMm = corners.map((corner) =>
          distance(applyAffine(grid.patientFromVoxel, corner), applyAffine(image.patientFromVoxel, corner)),
        );
        expect(Math.max(...offMm)).toBeLessThan(1e-3);
      }
  });

  it('gives the volume and the position of every label, and no others', () => {
    for (const { label, truth } of both) {
      const counts = new Map<number, number>();
      for (const id of label.voxels) if (id > 0) counts.set(id, (counts.get(id) ?? 0) + 1);
      expect([...counts.keys()].sort()).toEqual(truth.lesions.map(({ id }) => id).sort());
      for (const { id, volumeMm3, centroidVoxel } of truth.lesions) {
        expect(label.voxels[indexOf(label, centroidVoxel)]).toBe(id);
        const labelledMm3 = counts.get(id)! * voxelVolumeMm3(label);
        expect(Math.abs(labelledMm3 - volumeMm3)).toBeLessThan(0.1 * volumeMm3 + 2);
      }
    }
  });

  it('says what became of each lesion', () => {
    const volumes = (truth: PhantomTruth) => new Map(truth.lesions.map(({ id, volumeMm3 }) => [id, volumeMm3]));
    const before = volumes(prior.truth);
    const after = volumes(current.truth);
    expect(current.truth.lesions.map(({ change }) => change).sort()).toEqual(['grown', 'new', 'shrunk', 'stable']);
    for (const { id, priorVolumeMm3 } of current.truth.lesions) expect(priorVolumeMm3).toBe(before.get(id) ?? null);
    expect(current.truth.goneLesionIds).toEqual([...before.keys()].filter((id) => !after.has(id)));
    expect(current.truth.goneLesionIds).toHaveLength(1);
  });

  it('takes a lesion of the current scan to the same lesion of the prior', () => {
    const priorVoxelFromVoxel = (transform: Affine) =>
      multiplyAffine(
        invertAffine(prior.label.patientFromVoxel),
        multiplyAffine(transform, current.label.patientFromVoxel),
      );
    const followed = current.truth.lesions.filter(({ priorVolumeMm3 }) => priorVolumeMm3 !== null);
    expect(followed).toHaveLength(3);
    for (const { id, centroidVoxel, onDura } of followed) {
      const truly = prior.truth.lesions.find((lesion) => lesion.id === id)!.centroidVoxel;
      const mapped = applyAffine(priorVoxelFromVoxel(current.truth.priorFromCurrent!), centroidVoxel);
      expect(distance(mapped, truly)).toBeLessThan(onDura ? 1 : 0.01);
      expect(prior.label.voxels[indexOf(prior.label, mapped)]).toBe(id);
      // Neither no transform nor its inverse does.
      for (const wrong of [identityAffine, invertAffine(current.truth.priorFromCurrent!)])
        expect(distance(applyAffine(priorVoxelFromVoxel(wrong), centroidVoxel), truly)).toBeGreaterThan(2);
    }
  });

  it('lays the prior image on the current one', () => {
    const every = 4;
    const grid: Grid = {
      shape: current.image.shape.map((count) => Math.floor(count / every)) as unknown as Vector3,
      patientFromVoxel: multiplyAffine(
        current.image.patientFromVoxel,
        [every, 0, 0, 0, 0, every, 0, 0, 0, 0, every, 0, 0, 0, 0, 1], // prettier-ignore
      ),
    };
    const inBrain = resampleLinear(current.mask, grid, identityAffine).voxels;
    const brainOf = (image: Volume, transform: Affine) =>
      [...resampleLinear(image, grid, transform).voxels].filter((_, index) => inBrain[index] === 1);
    const now = brainOf(current.image, identityAffine);
    const correlation = (transform: Affine) => {
      const then = brainOf(prior.image, transform);
      const [a, b] = [spread(now), spread(then)];
      const products = now.map((value, index) => (value - a.mean) * (then[index] - b.mean));
      return spread(products).mean / (a.deviation * b.deviation);
    };
    const { priorFromCurrent } = current.truth;
    expect(correlation(priorFromCurrent!)).toBeGreaterThan(0.8);
    expect(correlation(identityAffine)).toBeLessThan(0.6);
    expect(correlation(invertAffine(priorFromCurrent!))).toBeLessThan(0.6);
  });

  it('has a mask that covers the brain and ends where the skull begins', () => {
    for (const { image, label, mask, truth } of both) {
      const [nx, ny, nz] = mask.shape;
      const litres = (mask.voxels.reduce((sum, value) => sum + value, 0) * voxelVolumeMm3(mask)) / 1e6;
      expect(litres).toBeGreaterThan(1.1);
      expect(litres).toBeLessThan(2.2);
      for (const { centroidVoxel } of truth.lesions) expect(mask.voxels[indexOf(mask, centroidVoxel)]).toBe(1);
      // A shell of 3 mm around it holds fluid and bone.
      const levels = { inside: [] as number[], shell: [] as number[] };
      for (let k = 12; k < nz - 12; k += 2)
        for (let j = 12; j < ny - 12; j += 2)
          for (let i = 12; i < nx - 12; i += 2) {
            const index = i + nx * (j + ny * k);
            if (label.voxels[index]) continue;
            if (mask.voxels[index]) levels.inside.push(image.voxels[index]);
            else if (
              [-3, 3].some(
                (d) => mask.voxels[index + d] || mask.voxels[index + d * nx] || mask.voxels[index + d * nx * ny],
              )
            )
              // prettier-ignore
              levels.shell.push(image.voxels[index]);
          }
      const inside = spread(levels.inside);
      expect(spread(levels.shell).mean).toBeLessThan(0.6 * inside.mean);
      expect(levels.inside.filter((value) => value > 0.6 * inside.mean).length).toBeGreaterThan(
        0.85 * levels.inside.length,
      );
    }
  });
});
