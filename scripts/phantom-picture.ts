/**
 * Draws docs/pictures/phantom.png: heads of several synthetic patients, and lesions over time with their labels.
 * Run it with `npx tsx scripts/phantom-picture.ts`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { demoPatient } from '../src/phantom/demo-patient.js';
import { createPatient } from '../src/phantom/patient.js';
import { acquire } from '../src/phantom/acquire.js';
import { labelsOn } from '../src/phantom/scan.js';
import { patientFromHead, randomScanner } from '../src/phantom/scanner.js';
import { loadSourceHead } from '../src/phantom/source-head.js';
import { applyAffine, identityAffine, invertAffine, type Vector3 } from '../src/imaging/affine.js';
import { resampleLinear } from '../src/imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../src/imaging/volume.js';

const tile = 190;
const zoom = 3;
const source = await loadSourceHead();
const canvas = createCanvas(tile * 6, tile * 3 + 6 * 112 + 24);
const context = canvas.getContext('2d');
context.fillStyle = 'black';
context.fillRect(0, 0, canvas.width, canvas.height);

/** Grey values of an axial rectangle, optionally with the label's outline in red, at (x, y) and enlarged. */
function draw(
  target: SKRSContext2D,
  { voxels, shape }: Volume,
  white: number,
  [i0, j0, k]: Vector3,
  size: number,
  [x, y]: readonly [number, number],
  scale: number,
  labels?: LabelMap,
): void {
  for (let j = 0; j < size; j++)
    for (let i = 0; i < size; i++) {
      const index = i0 + i + shape[0] * (j0 + j + shape[1] * k);
      // Steps of 10: noise would make the file several times larger.
      const grey = 10 * Math.round(Math.min(25, (25 * Math.max(0, voxels[index])) / (1.7 * white)));
      const edge =
        labels && !labels.voxels[index] && [1, -1, shape[0], -shape[0]].some((step) => labels.voxels[index + step] > 0);
      target.fillStyle = edge ? 'rgb(230,40,40)' : `rgb(${grey},${grey},${grey})`;
      target.fillRect(x + i * scale, y + j * scale, scale, scale);
    }
}

for (const [row, seed] of [31, 32, 36].entries()) {
  const patient = createPatient(source, seed, { timePoints: 2 });
  const scanner = randomScanner(seed);
  const image = resampleLinear(acquire(patient, 1, scanner), templateGrid, patientFromHead(scanner));
  for (const [column, k] of [26, 42, 56, 76, 96, 122].entries())
    draw(context, image, scanner.gain, [22, 18, k], tile, [column * tile, row * tile], 1);
}

const demo = demoPatient(source);
const aligned = demo.scanners.map((scanner, time) => ({
  scanner,
  image: resampleLinear(acquire(demo.patient, time, scanner), templateGrid, patientFromHead(scanner)),
  labels: labelsOn(demo.patient, time, templateGrid, identityAffine),
}));
const voxelFromHead = invertAffine(templateGrid.patientFromVoxel);
demo.patient.lesions.slice(0, 6).forEach(({ centreMm }, row) => {
  const [i, j, k] = applyAffine(voxelFromHead, centreMm).map(Math.round);
  const top = tile * 3 + 24 + row * 112;
  const corner: Vector3 = [i - 18, j - 18, k];
  aligned.forEach(({ image, labels, scanner }, time) => {
    const left = 20 + time * 370;
    draw(context, image, scanner.gain, corner, 36, [left, top], zoom);
    draw(context, image, scanner.gain, corner, 36, [left + 36 * zoom + 8, top], zoom, labels);
  });
});
context.fillStyle = 'white';
context.font = '14px sans-serif';
['baseline', 'follow-up 1', 'follow-up 2'].forEach((label, time) =>
  context.fillText(label, 20 + time * 370, tile * 3 + 16),
);
await mkdir('docs/pictures', { recursive: true });
await writeFile('docs/pictures/phantom.png', await canvas.encode('png'));
