import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { demoPatient, type DemoPatient } from '../../src/phantom/demo-patient.js';
import { createPatient } from '../../src/phantom/patient.js';
import { brainMaskOn, labelsOn, scan, type PhantomScan } from '../../src/phantom/scan.js';
import {
  demoScanner,
  patientFromHead,
  randomScanner,
  scannerGrid,
  type ScannerSettings,
} from '../../src/phantom/scanner.js';
import { loadSourceHead, type SourceHead } from '../../src/phantom/source-head.js';
import { applyAffine, determinant, invertAffine, multiplyAffine, type Vector3 } from '../../src/imaging/affine.js';
import { spacingMm, voxelVolumeMm3, type LabelMap } from '../../src/imaging/volume.js';

let head: SourceHead;
let demo: DemoPatient;
let first: PhantomScan;
beforeAll(async () => {
  head = await loadSourceHead();
  demo = demoPatient(head);
  first = demo.scanTimePoint(0);
});

const digest = (voxels: ArrayBufferView) =>
  createHash('sha256')
    .update(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength))
    .digest('hex');

const coarse = (scanner: ScannerSettings): ScannerSettings => ({
  ...scanner,
  shape: [60, 60, 42],
  spacingMm: [4, 4, 4],
});

/** Voxels of one label and their centroid in patient coordinates. */
function region(
  { voxels, shape: [nx, ny], patientFromVoxel }: LabelMap,
  id: number,
): { indices: number[]; centroid: Vector3 } {
  const indices: number[] = [];
  const sum = [0, 0, 0];
  voxels.forEach((value, index) => {
    if (value !== id) return;
    indices.push(index);
    sum[0] += index % nx;
    sum[1] += Math.floor(index / nx) % ny;
    sum[2] += Math.floor(index / (nx * ny));
  });
  const mean = sum.map((value) => value / indices.length) as unknown as Vector3;
  return { indices, centroid: applyAffine(patientFromVoxel, mean) };
}

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe('a phantom scan', () => {
  it('is a function of seed and scanner', () => {
    const scanner = coarse(demoScanner(1));
    const make = (seed: number) => scan(createPatient(head, seed, { timePoints: 2 }), 1, scanner);
    const a = make(3);
    const b = make(3);
    expect(digest(a.image.voxels)).toBe(digest(b.image.voxels));
    expect(digest(a.labels.voxels)).toBe(digest(b.labels.voxels));
    expect(a.lesions).toEqual(b.lesions);
    expect(digest(make(4).image.voxels)).not.toBe(digest(a.image.voxels));
  });

  it('labels each lesion with its volume', () => {
    for (const { id, volumeMm3 } of first.lesions) {
      const labelled = region(first.labels, id).indices.length * voxelVolumeMm3(first.labels);
      expect(labelled).toBeGreaterThan(0.85 * volumeMm3 - 3);
      expect(labelled).toBeLessThan(1.15 * volumeMm3 + 3);
    }
    expect(new Set(first.labels.voxels).size).toBe(first.lesions.length + 1);
  });

  it('shows lesions brighter than their surroundings, and inside the brain', () => {
    const { voxels, shape } = first.image;
    for (const { id, kind } of first.lesions) {
      const { indices } = region(first.labels, id);
      const inside = new Set(indices);
      const reach = [3, 3 * shape[0], 3 * shape[0] * shape[1]];
      const around = indices
        .flatMap((index) => reach.flatMap((step) => [index - step, index + step]))
        .filter((index) => !inside.has(index) && first.brainMask.voxels[index] === 1);
      const mean = (list: number[]) => list.reduce((sum, index) => sum + voxels[index], 0) / list.length;
      // A ring's dark core is part of the lesion: its brightest half counts.
      const bright = [...indices]
        .sort((a, b) => voxels[b] - voxels[a])
        .slice(0, Math.ceil(indices.length / (kind === 'ring' ? 3 : 1)));
      expect(mean(bright)).toBeGreaterThan(1.2 * mean(around));
      expect(indices.filter((index) => first.brainMask.voxels[index]).length / indices.length).toBeGreaterThan(0.7);
    }
  });

  it('has enhancing vessels outside all lesions, which a network must not take for one', () => {
    const { voxels } = first.image;
    const brain: number[] = [];
    first.brainMask.voxels.forEach((value, index) => {
      if (value && !first.labels.voxels[index]) brain.push(voxels[index]);
    });
    const white = brain.sort((a, b) => a - b)[Math.floor(brain.length * 0.75)];
    const bright = brain.filter((value) => value > 1.3 * white).length;
    expect(bright).toBeGreaterThan(300);
    expect(bright).toBeLessThan(0.02 * brain.length);
  });

  it('holds whole numbers of 12 bits', () => {
    expect(first.image.voxels.every((value) => Number.isInteger(value) && value >= 0 && value <= 4095)).toBe(true);
  });
});

describe('patientFromTemplate', () => {
  it('takes the same anatomy to where each scanner sees it, for any two scanners', () => {
    const { patient } = demo;
    const stable = patient.lesions[1];
    fc.assert(
      fc.property(fc.nat(100000), fc.nat(100000), (one, other) => {
        const look = (seed: number, time: number) => {
          const scanner = randomScanner(seed);
          const patientFromTemplate = patientFromHead(scanner);
          expect(determinant(patientFromTemplate)).toBeCloseTo(1, 9);
          const grid = scannerGrid(scanner);
          spacingMm(grid).forEach((spacing, axis) => expect(spacing).toBeCloseTo(scanner.spacingMm[axis], 9));
          const labels = labelsOn(patient, time, grid, invertAffine(patientFromTemplate));
          return { patientFromTemplate, centroid: region(labels, stable.id).centroid };
        };
        const prior = look(one, 0);
        const current = look(other, 1);
        const currentFromPrior = multiplyAffine(current.patientFromTemplate, invertAffine(prior.patientFromTemplate));
        expect(distance(applyAffine(currentFromPrior, prior.centroid), current.centroid)).toBeLessThan(0.4);
      }),
      { numRuns: 4 },
    );
  });

  it('is the true registration of the images themselves', () => {
    // Nothing but the pose differs: resampled by the true transform, the second brain mask falls on the first.
    const [a, b] = [coarse(demoScanner(5)), coarse(demoScanner(6))];
    const headFromPatient = invertAffine(patientFromHead(a));
    const direct = brainMaskOn(demo.patient, scannerGrid(a), headFromPatient);
    const aFromB = multiplyAffine(patientFromHead(a), invertAffine(patientFromHead(b)));
    const gridOfBInA = { shape: b.shape, patientFromVoxel: multiplyAffine(aFromB, scannerGrid(b).patientFromVoxel) };
    const throughA = brainMaskOn(demo.patient, gridOfBInA, headFromPatient);
    const throughB = brainMaskOn(demo.patient, scannerGrid(b), invertAffine(patientFromHead(b)));
    const differing = throughA.voxels.filter((value, index) => value !== throughB.voxels[index]).length;
    expect(differing).toBeLessThan(20);
    expect(direct.voxels.indexOf(1)).toBeGreaterThan(0);
    expect(throughA.voxels.indexOf(1)).toBeGreaterThan(0);
  });
});

describe('demoPatient', () => {
  it('tells a story with every kind of change among lesions of 6–14 mm', () => {
    const large = demo.changes.map((lesions) => lesions.filter(({ diameterMm }) => diameterMm >= 6));
    expect(large.every((lesions) => lesions.length >= 4)).toBe(true);
    expect(large.flat().every(({ diameterMm }) => diameterMm <= 14)).toBe(true);
    expect(new Set(large[1].map(({ change }) => change))).toEqual(new Set(['grown', 'stable', 'shrunk', 'new']));
    expect(large[2].filter(({ change }) => change === 'new')).toHaveLength(1);
    expect(demo.changes.every((lesions) => lesions.some(({ diameterMm }) => diameterMm < 5))).toBe(true);
  });

  it('lies differently at every time point', () => {
    const corner: Vector3 = [60, 60, 60];
    const at = demo.scanners.map((scanner) => applyAffine(patientFromHead(scanner), corner));
    expect(distance(at[0], at[1])).toBeGreaterThan(1);
    expect(distance(at[1], at[2])).toBeGreaterThan(1);
  });
});
