import { beforeAll, describe, expect, it } from 'vitest';
import { createPatient, type PhantomPatient } from '../../src/phantom/patient.js';
import { acquire } from '../../src/phantom/acquire.js';
import {
  demoScanner,
  heldOutScanner,
  patientFromHead,
  randomScanner,
  type ScannerSettings,
} from '../../src/phantom/scanner.js';
import { loadSourceHead } from '../../src/phantom/source-head.js';
import { identityAffine, type Affine } from '../../src/imaging/affine.js';
import { resampleLinear } from '../../src/imaging/resample.js';
import type { Volume } from '../../src/imaging/volume.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [Array.from(a), Array.from(b)];
  const [mx, my] = [mean(x), mean(y)];
  return mean(x.map((value, index) => (value - mx) * (y[index] - my))) / (deviation(x) * deviation(y));
}

/** A scanner without faults, of few voxels; unequal sides and spacings, so that no mixed-up axis goes unseen. */
const plain: ScannerSettings = {
  ...demoScanner(1),
  shape: [72, 80, 44],
  spacingMm: [3.4, 3.2, 4],
  positionDeg: [0, 0, 0],
  positionMm: [0, 0, 0],
  pointSpread: 0,
  gain: 500,
  noise: 0,
  bias: 0,
  ghost: 0,
};
let patient: PhantomPatient;
let base: Volume;
const scanned = (change: Partial<ScannerSettings>) => acquire(patient, 0, { ...plain, ...change });
/** Indices of voxels that hold nothing, and of those that hold tissue. */
let air: number[];
let tissue: number[];
beforeAll(async () => {
  patient = createPatient(await loadSourceHead(), 1, { timePoints: 2 });
  base = scanned({});
  const indices = [...base.voxels.keys()];
  air = indices.filter((index) => base.voxels[index] === 0);
  tissue = indices.filter((index) => base.voxels[index] > 300);
});

/** How alike an image and the plain one are where the plain one lies. */
const likeness = (image: Volume, imageFromBase: Affine = identityAffine) =>
  correlation(resampleLinear(image, base, imageFromBase).voxels, base.voxels);
const changes = ({ voxels }: Volume) => voxels.map((value, index) => value - base.voxels[index]);

describe('a scanner', () => {
  it('adds noise, Gaussian in tissue and Rician in air', () => {
    const noisy = scanned({ noise: 0.05 });
    const sigma = 0.05 * plain.gain;
    const added = changes(noisy);
    expect(deviation(tissue.map((index) => added[index])) / sigma).toBeCloseTo(1, 1);
    expect(Math.abs(mean(tissue.map((index) => added[index])))).toBeLessThan(0.1 * sigma);
    expect(mean(air.map((index) => noisy.voxels[index])) / (sigma * Math.sqrt(Math.PI / 2))).toBeCloseTo(1, 1);
  });

  it('blurs by its point-spread function along all three axes, and loses no signal', () => {
    const { voxels } = scanned({ pointSpread: 0.1 });
    const [nx, ny] = base.shape;
    const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);
    expect(total(voxels) / total(base.voxels)).toBeCloseTo(1, 3);
    const inner = tissue.filter((index) => index + nx * ny < voxels.length);
    for (const step of [1, nx, nx * ny]) {
      const edges = (values: Float32Array) =>
        mean(inner.map((index) => Math.abs(values[index + step] - values[index])));
      expect(edges(voxels)).toBeLessThan(0.8 * edges(base.voxels));
    }
  });

  it('correlates noise with that of neighbours in the slice, of the same deviation', () => {
    const [nx, ny] = base.shape;
    const added = changes(scanned({ noise: 0.05, noiseCorrelation: 0.15 }));
    expect(deviation(tissue.map((index) => added[index])) / (0.05 * plain.gain)).toBeCloseTo(1, 1);
    const inside = tissue.filter((index) => index + nx * ny < added.length);
    const correlationAt = (step: number) =>
      correlation(
        inside.map((index) => added[index]),
        inside.map((index) => added[index + step]),
      );
    expect(correlationAt(1)).toBeGreaterThan(0.3);
    expect(correlationAt(nx)).toBeGreaterThan(0.3);
    expect(Math.abs(correlationAt(nx * ny))).toBeLessThan(0.05);
  });

  it('shades the image smoothly', () => {
    const { voxels } = scanned({ bias: 0.1 });
    const shading = (index: number) => Math.log(voxels[index] / base.voxels[index]);
    expect(deviation(tissue.map(shading))).toBeGreaterThan(0.05);
    const beside = tissue.filter((index) => base.voxels[index + 1] > 300);
    expect(mean(beside.map((index) => Math.abs(shading(index + 1) - shading(index))))).toBeLessThan(0.01);
  });

  it('leaves a ghost half a field of view away', () => {
    const [nx, ny] = base.shape;
    const added = changes(scanned({ ghost: 0.02 }));
    const opposite = base.voxels.map((_, index) => {
      const j = Math.floor(index / nx) % ny;
      return base.voxels[index + nx * (((j + ny / 2) % ny) - j)];
    });
    expect(correlation(added, opposite)).toBeGreaterThan(0.7);
    expect(correlation(added, base.voxels)).toBeLessThan(0.5);
    expect(mean(air.map((index) => added[index]))).toBeGreaterThan(1);
  });

  it('tilts its slices, or lays them sagittally, over a head that stays where it is', () => {
    const tilted = scanned({ tiltDeg: [12, 0, 0] });
    expect(correlation(tilted.voxels, base.voxels)).toBeLessThan(0.85);
    expect(likeness(tilted)).toBeGreaterThan(0.95);
    const sagittal = scanned({ orientation: 'sagittal', shape: [76, 72, 60], spacingMm: [3.3, 3.4, 3] });
    expect(likeness(sagittal)).toBeGreaterThan(0.95);
  });

  it('finds the head lying elsewhere each time', () => {
    const elsewhere: ScannerSettings = { ...plain, positionDeg: [4, 3, -3], positionMm: [5, -4, 6] };
    const image = acquire(patient, 0, elsewhere);
    expect(likeness(image)).toBeLessThan(0.85);
    expect(likeness(image, patientFromHead(elsewhere))).toBeGreaterThan(0.95);
  });

  it('averages over thick slices', () => {
    const slice = plain.shape[0] * plain.shape[1];
    const thin = scanned({ shape: [plain.shape[0], plain.shape[1], 5 * plain.shape[2]], spacingMm: [3.4, 3.2, 0.8] });
    const layersOf = (index: number) =>
      [0, 1, 2, 3, 4].map((layer) => thin.voxels[(index % slice) + slice * (5 * Math.floor(index / slice) + layer)]);
    const off = (valueOf: (layers: readonly number[]) => number) =>
      deviation(tissue.map((index) => base.voxels[index] - valueOf(layersOf(index))));
    expect(off(mean)).toBeLessThan(0.5 * off((layers) => layers[2]));
  });

  it('changes arteries, veins and other enhancing tissue by its timing, each alone', () => {
    const [arterial, venous, other] = (['arterial', 'venous', 'tissue'] as const).map((phase) =>
      changes(scanned({ [phase]: 1.4 })),
    );
    const brighter = (image: Float32Array) => new Set([...image.keys()].filter((index) => image[index] > 10));
    const [inArteries, inVeins, elsewhere] = [arterial, venous, other].map(brighter);
    for (const [found, others] of [
      [inArteries, inVeins],
      [inVeins, elsewhere],
      [elsewhere, inArteries],
    ]) {
      expect(found.size).toBeGreaterThan(20);
      expect([...found].filter((index) => others.has(index)).length).toBeLessThan(0.1 * found.size);
    }
  });

  it('is another one for each scan, within what hospitals have', () => {
    const scanners = Array.from({ length: 400 }, (_, seed) => randomScanner(seed));
    const within = (name: string, valueOf: (scanner: ScannerSettings) => number, low: number, high: number) => {
      const values = scanners.map(valueOf);
      expect(Math.min(...values), name).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values), name).toBeLessThanOrEqual(high);
      expect(Math.max(...values) - Math.min(...values), name).toBeGreaterThan(0.8 * (high - low));
    };
    const axial = scanners.filter(({ orientation }) => orientation === 'axial').length / scanners.length;
    expect(axial).toBeGreaterThan(0.5);
    expect(axial).toBeLessThan(0.7);
    within('in plane, mm', ({ spacingMm }) => spacingMm[0], 0.65, 1.05);
    within('slices, mm', ({ spacingMm }) => spacingMm[2], 0.85, 2);
    within('slab, mm', ({ shape, spacingMm }) => shape[2] * spacingMm[2], 162, 188);
    within('tilt, degrees', ({ tiltDeg }) => tiltDeg[0], -12, 12);
    within('noise', ({ noise }) => noise, 0.012, 0.055);
    within('correlation of noise', ({ noiseCorrelation }) => noiseCorrelation, 0, 0.2);
    within('bias', ({ bias }) => bias, 0.02, 0.16);
    within('point spread', ({ pointSpread }) => pointSpread, -0.07, 0.08);
    within('ghost', ({ ghost }) => ghost, 0.002, 0.02);
    within('arterial', ({ arterial }) => arterial, 0.75, 1.2);
    within('venous', ({ venous }) => venous, 0.8, 1.15);
    within('tissue', ({ tissue }) => tissue, 0.88, 1.12);
    expect(deviation(scanners.map(({ positionMm }) => positionMm[1]))).toBeGreaterThan(4);
    expect(deviation(scanners.map(({ positionDeg }) => positionDeg[0]))).toBeGreaterThan(3);
  });
});

it('holds out a protocol that no other scanner comes near', () => {
  const seeds = Array.from({ length: 300 }, (_, seed) => seed);
  const [others, heldOut] = [seeds.map(randomScanner), seeds.map(heldOutScanner)];
  const all = (scanners: readonly ScannerSettings[], value: (scanner: ScannerSettings) => number) =>
    scanners.map(value).sort((a, b) => a - b);
  for (const value of [
    ({ spacingMm }: ScannerSettings) => spacingMm[2],
    ({ noise }: ScannerSettings) => noise,
    ({ bias }: ScannerSettings) => bias,
    ({ venous }: ScannerSettings) => venous,
    ({ arterial }: ScannerSettings) => -arterial,
    ({ tiltDeg }: ScannerSettings) => -tiltDeg[0],
  ])
    expect(all(heldOut, value)[0]).toBeGreaterThan(all(others, value).at(-1)!);
});
