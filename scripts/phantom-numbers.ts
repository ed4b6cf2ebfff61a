/**
 * Measures how synthetic heads differ from real ones, on the grid on which the networks see them:
 *
 *     npx tsx scripts/phantom-numbers.ts --real SERIES_FOLDER … --phantom TIME_POINT_FOLDER …
 *
 * `--real` takes folders of DICOM files, which go through the node's own assembly and preparation, `--phantom` time points in the training
 * layout. Prints a line of JSON a head: how bright and how sharp the brain is, how much of it looks like a vessel, and how noise is
 * correlated. Metastases are left out.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assembleSeries } from '../src/analysis/assemble/assemble-series.js';
import { prepareCurrent } from '../src/analysis/prepare/prepare-current.js';
import { readNifti } from '../src/imaging/nifti.js';
import type { Volume } from '../src/imaging/volume.js';
import { distanceFrom } from '../src/phantom/distance.js';

const { values } = parseArgs({
  options: {
    real: { type: 'string', multiple: true, default: [] },
    phantom: { type: 'string', multiple: true, default: [] },
  },
});

/** A head on the template's grid; `inside` is its brain without the outermost 2 mm and without metastases. */
interface Head {
  readonly name: string;
  readonly image: Volume;
  readonly inside: Uint8Array;
}

function innerBrain(mask: ArrayLike<number>, shape: Volume['shape'], label?: ArrayLike<number>): Uint8Array {
  const depth = distanceFrom((index) => !mask[index], shape);
  const fromLesion = label && distanceFrom((index) => label[index] > 0, shape);
  return depth.map((thirds, index) => (thirds > 6 && !(fromLesion && fromLesion[index] < 9) ? 1 : 0));
}

async function realHead(folder: string): Promise<Head> {
  const { volume } = await assembleSeries((await readdir(folder)).sort().map((name) => join(folder, name)));
  const { image, brainMask } = await prepareCurrent(volume);
  return { name: folder, image, inside: innerBrain(brainMask.voxels, image.shape) };
}

async function phantomHead(folder: string): Promise<Head> {
  const image = await readNifti(join(folder, 'image.nii.gz'));
  const mask = await readNifti(join(folder, 'mask.nii.gz'));
  const file = join(folder, 'label.nii.gz');
  const label = existsSync(file) ? (await readNifti(file)).voxels : undefined;
  return { name: folder.split('/').slice(-2).join('/'), image, inside: innerBrain(mask.voxels, image.shape, label) };
}

/** The eigenvalues of a symmetric 3 × 3 matrix, smallest first (closed form). */
function eigenvalues(xx: number, yy: number, zz: number, xy: number, xz: number, yz: number): [number, number, number] {
  const mean = (xx + yy + zz) / 3;
  const p = Math.sqrt(((xx - mean) ** 2 + (yy - mean) ** 2 + (zz - mean) ** 2 + 2 * (xy * xy + xz * xz + yz * yz)) / 6);
  if (p === 0) return [mean, mean, mean];
  const [a, b, c] = [(xx - mean) / p, (yy - mean) / p, (zz - mean) / p];
  const [d, e, f] = [xy / p, xz / p, yz / p];
  const half = Math.max(-1, Math.min(1, (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)) / 2));
  const angle = Math.acos(half) / 3;
  const largest = mean + 2 * p * Math.cos(angle);
  const smallest = mean + 2 * p * Math.cos(angle + (2 * Math.PI) / 3);
  return [smallest, 3 * mean - largest - smallest, largest];
}

/** A row of numbers; those with a length are in parts of white matter's value, the third quartile of the brain. */
function measure({ image: { voxels, shape }, inside }: Head): Record<string, number> {
  const [nx, ny] = shape;
  const steps = [1, nx, nx * ny];
  const brain = [...inside.keys()].filter((index) => inside[index]);
  const quantile = (list: Float32Array, share: number) => list.sort()[Math.floor(share * (list.length - 1))];
  const levels = Float32Array.from(brain, (index) => voxels[index]);
  const white = quantile(levels, 0.75);
  const at = (index: number) => voxels[index] / white;
  const of = (value: (index: number) => number) => Float32Array.from(brain, value);

  const gradients = of((index) => Math.hypot(...steps.map((step) => (at(index + step) - at(index - step)) / 2)));
  // Second differences in all three directions: edges, thin structures and noise.
  const second = (index: number, a: number, b: number) =>
    (at(index + a + b) - at(index + a - b) - at(index - a + b) + at(index - a - b)) / 4;
  const [x, y, z] = steps;
  const tube = of((index) => {
    const along = steps.map((step) => at(index + step) + at(index - step) - 2 * at(index));
    const [l1, l2, l3] = eigenvalues(along[0], along[1], along[2], second(index, x, y), second(index, x, z), second(index, y, z)); // prettier-ignore
    // Bright across two directions, even along the third: the smaller of both curvatures, less what bends along.
    return l2 < 0 && l1 < 0 ? Math.max(0, -l2 - Math.abs(l3)) : 0;
  });

  // Noise: what differs from the neighbourhood's mean where the neighbourhood is even white matter.
  const residual = new Map<number, number>();
  for (const index of brain) {
    if (Math.abs(at(index) - 1) > 0.12) continue;
    let sum = 0;
    let most = -Infinity;
    let least = Infinity;
    for (let c = -2; c <= 2; c++)
      for (let b = -2; b <= 2; b++)
        for (let a = -2; a <= 2; a++) {
          const value = at(index + a * x + b * y + c * z);
          sum += value;
          if (value > most) most = value;
          if (value < least) least = value;
        }
    if (most < 1.3 && least > 0.75) residual.set(index, at(index) - sum / 125);
  }
  const correlation = (step: number) => {
    let product = 0;
    let square = 0;
    for (const [index, value] of residual) {
      const other = residual.get(index + step);
      if (other === undefined) continue;
      product += value * other;
      square += value * value;
    }
    return product / square;
  };
  const squares = [...residual.values()].reduce((sum, value) => sum + value * value, 0);
  const share = (limit: number) => levels.filter((value) => value > limit * white).length / levels.length;
  return {
    'darkest 5 %': quantile(levels, 0.05) / white,
    'darkest quarter': quantile(levels, 0.25) / white,
    median: quantile(levels, 0.5) / white,
    '% above 1.3': 100 * share(1.3),
    '% above 1.6': 100 * share(1.6),
    'gradient 50 %': quantile(gradients, 0.5),
    'gradient 90 %': quantile(gradients, 0.9),
    'gradient 99 %': quantile(gradients, 0.99),
    'tube 90 %': quantile(tube, 0.9),
    'tube 99 %': quantile(tube, 0.99),
    'tube 99.9 %': quantile(tube, 0.999),
    noise: Math.sqrt(squares / residual.size),
    'noise, next column': correlation(x),
    'noise, next row': correlation(y),
    'noise, next slice': correlation(z),
    ...spectrum({ voxels, shape, white }),
  };
}

/**
 * The share of the power spectrum of rows through the brain in three bands, in dB of the lowest: how fast detail falls off. Rows of 64
 * voxels through the middle of the brain, windowed.
 */
function spectrum({
  voxels,
  shape,
  white,
}: Pick<Volume, 'voxels' | 'shape'> & { white: number }): Record<string, number> {
  const length = 64;
  const power = new Float64Array(length / 2);
  const [nx, ny] = shape;
  const window = Float64Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / length));
  for (let k = 60; k < 110; k += 3)
    for (let j = 70; j < 170; j += 3)
      for (const start of [60, 116]) {
        const row = Float64Array.from(
          { length },
          (_, n) => (voxels[start + n + nx * (j + ny * k)] / white - 0.8) * window[n],
        );
        for (let frequency = 1; frequency < length / 2; frequency++) {
          let re = 0;
          let im = 0;
          for (let n = 0; n < length; n++) {
            const angle = (2 * Math.PI * frequency * n) / length;
            re += row[n] * Math.cos(angle);
            im += row[n] * Math.sin(angle);
          }
          power[frequency] += re * re + im * im;
        }
      }
  const band = (low: number, high: number) => {
    let sum = 0;
    for (let frequency = low; frequency < high; frequency++) sum += power[frequency];
    return sum / (high - low);
  };
  // Cycles per mm: 0.03–0.09, 0.19–0.28, 0.38–0.48.
  const dB = (low: number, high: number) => 10 * Math.log10(band(low, high) / band(2, 6));
  return { 'spectrum 0.23/mm, dB': dB(12, 18), 'spectrum 0.43/mm, dB': dB(24, 31) };
}

const heads = [
  ...values.real.map((folder) => () => realHead(folder)),
  ...values.phantom.map((folder) => () => phantomHead(folder)),
];
for (const load of heads) {
  const head = await load();
  const rounded = Object.entries(measure(head)).map(([key, value]) => [key, Number(value.toPrecision(3))]);
  console.log(JSON.stringify({ head: head.name, ...Object.fromEntries(rounded) }));
}
