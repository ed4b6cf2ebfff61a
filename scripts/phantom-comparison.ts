/**
 * Draws synthetic patients beside a real series, the same sections in the same window, to be judged by eye:
 * `npx tsx scripts/phantom-comparison.ts SERIES_FOLDER OUT_FOLDER`.
 *
 * Writes `axial.png`, `sagittal.png`, `coronal.png` and `detail.png` (enlarged parts); the top row is the series, the others are phantoms. Prints
 * how bright and how even their brains are. The series goes through the node's own assembly and preparation. The pictures show a patient:
 * keep them where the series may be kept.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { assembleSeries } from '../src/analysis/assemble/assemble-series.js';
import { createPatient } from '../src/phantom/patient.js';
import { acquire } from '../src/phantom/acquire.js';
import { brainMaskOn, labelsOn } from '../src/phantom/scan.js';
import { patientFromHead, randomScanner } from '../src/phantom/scanner.js';
import { loadSourceHead } from '../src/phantom/source-head.js';
import { prepareCurrent } from '../src/analysis/prepare/prepare-current.js';
import { identityAffine, type Vector3 } from '../src/imaging/affine.js';
import { resampleLinear } from '../src/imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../src/imaging/volume.js';

const [folder, out] = process.argv.slice(2);
if (!folder || !out) throw new Error('usage: npx tsx scripts/phantom-comparison.ts SERIES_FOLDER OUT_FOLDER');

/** A head on the template's grid with its brain; `labels` are known metastases. */
interface Head {
  readonly name: string;
  readonly image: Volume;
  readonly brainMask: LabelMap;
  readonly labels?: LabelMap;
}

const { volume } = await assembleSeries((await readdir(folder)).sort().map((name) => join(folder, name)));
const heads: Head[] = [{ name: 'series', ...(await prepareCurrent(volume)) }];
const source = await loadSourceHead();
for (const seed of [31, 32, 36]) {
  const patient = createPatient(source, seed, { timePoints: 2 });
  const scanner = randomScanner(seed);
  heads.push({
    name: `phantom ${seed}`,
    image: resampleLinear(acquire(patient, 1, scanner), templateGrid, patientFromHead(scanner)),
    brainMask: brainMaskOn(patient, templateGrid, identityAffine),
    labels: labelsOn(patient, 1, templateGrid, identityAffine),
  });
}

const [nx, ny] = templateGrid.shape;
const steps = [1, nx, nx * ny];

/** White matter's value: the third quartile of the brain without its metastases, with the brain's voxels. */
function brainOf({ image: { voxels }, brainMask, labels }: Head) {
  const indices = [...brainMask.voxels.keys()].filter((index) => brainMask.voxels[index] && !labels?.voxels[index]);
  const sorted = Float32Array.from(indices, (index) => voxels[index]).sort();
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return { indices, quantile, white: quantile(0.75) };
}

/** A rectangle of a section, enlarged: `corner` is its first voxel, `across` and `down` are axes of the grid (0–2). */
interface Section {
  readonly corner: Vector3;
  readonly across: number;
  readonly down: number;
  readonly size: readonly [across: number, down: number];
  readonly zoom: number;
}

/** One picture: a row a head, a column a section; 1.7 times white matter is white. Feet are down, the patient's left is right. */
async function draw(name: string, sections: readonly Section[]): Promise<void> {
  const [width, height] = [0, 1].map((axis) => Math.max(...sections.map(({ size, zoom }) => size[axis] * zoom)));
  const canvas = createCanvas(width * sections.length, height * heads.length);
  const context = canvas.getContext('2d');
  for (const [row, head] of heads.entries()) {
    const { white } = brainOf(head);
    for (const [column, { corner, across, down, size, zoom }] of sections.entries()) {
      const tile = context.createImageData(size[0] * zoom, size[1] * zoom);
      const start = corner[0] + nx * corner[1] + nx * ny * corner[2];
      for (let y = 0; y < tile.height; y++)
        for (let x = 0; x < tile.width; x++) {
          const v = Math.floor(y / zoom);
          // Superior is up: the grid's third axis grows upwards.
          const line = down === 2 ? size[1] - 1 - v : v;
          const index = start + steps[across] * Math.floor(x / zoom) + steps[down] * line;
          const grey = Math.max(0, (255 * head.image.voxels[index]) / (1.7 * white));
          tile.data.set([grey, grey, grey, 255], 4 * (x + tile.width * y));
        }
      context.putImageData(tile, column * width, row * height);
    }
  }
  await writeFile(join(out, `${name}.png`), await canvas.encode('png'));
}

await mkdir(out, { recursive: true });
const axial = (i: number, j: number, k: number, side: number, zoom: number): Section => ({
  corner: [i, j, k],
  across: 0,
  down: 1,
  size: [side, side],
  zoom,
});
await draw('axial', [26, 42, 56, 76, 96, 122].map((k) => axial(22, 18, k, 196, 1))); // prettier-ignore
await draw('sagittal', [75, 100, 119, 122].map((i) => ({ corner: [i, 8, 0], across: 1, down: 2, size: [224, 155], zoom: 1 }))); // prettier-ignore
await draw('coronal', [75, 100, 130, 160].map((j) => ({ corner: [22, j, 0], across: 0, down: 2, size: [196, 155], zoom: 1 }))); // prettier-ignore
await draw('detail', [axial(80, 70, 42, 80, 4), axial(80, 130, 34, 80, 4), axial(60, 60, 70, 80, 4), axial(80, 140, 96, 80, 4)]); // prettier-ignore

for (const head of heads) {
  const { voxels } = head.image;
  const { indices, quantile, white } = brainOf(head);
  const share = (low: number) => indices.filter((index) => voxels[index] > low * white).length / indices.length;
  // In white matter a voxel differs from the mean of its neighbours by noise, texture and small vessels.
  const uneven = indices
    .filter((index) => Math.abs(voxels[index] / white - 1) < 0.1)
    .map((index) => {
      const around = steps.map((step) => voxels[index - step] + voxels[index + step]);
      return Math.abs(voxels[index] - (around[0] + around[1] + around[2]) / 6);
    })
    .sort((a, b) => a - b);
  const shown = {
    'darkest 5 %': quantile(0.05) / white,
    'darkest quarter': quantile(0.25) / white,
    median: quantile(0.5) / white,
    'unevenness of white matter': uneven[uneven.length >> 1] / white,
    'share above 1.3': share(1.3),
    'share above 1.6': share(1.6),
  };
  console.log(head.name, Object.entries(shown).map(([key, value]) => `${key} ${value.toFixed(4)}`).join(', ')); // prettier-ignore
}
