/**
 * Draws a head as the networks see it, with the outline of its brain mask, to be looked at; SERIES is a folder or a file:
 * `npx tsx scripts/brain-mask-picture.ts SERIES FILE.png`. Axial sections above (the patient's left on the right), sagittal and coronal ones below.
 */
import { writeFileSync } from 'node:fs';
import { createCanvas } from '@napi-rs/canvas';
import { assembleSeries } from '../src/analysis/assemble/assemble-series.js';
import { inputFiles } from '../src/node/operations/input-files.js';
import { prepareCurrent } from '../src/analysis/prepare/prepare-current.js';
import { greyImage, outline, windowOf } from '../src/report/picture/section-image.js';
import type { Grid } from '../src/imaging/volume.js';

const [series, file] = process.argv.slice(2);
if (!series || !file) throw new Error('usage: npx tsx scripts/brain-mask-picture.ts SERIES FILE.png');

/** Axes of voxels [i: left, j: posterior, k: superior] that a section shows across and down, and where it is cut. */
const rows = [
  { across: 0, down: 1, cuts: [25, 45, 65, 85, 105, 125] },
  { across: 1, down: 2, cuts: [60, 85, 110, 135, 160, 180] },
  { across: 0, down: 2, cuts: [50, 80, 110, 135, 160, 185] },
] as const;

const { volume } = await assembleSeries(inputFiles([series]));
const { image, brainMask, coverage } = await prepareCurrent(volume);
const { shape, patientFromVoxel } = image;
const window = windowOf(image);

/** Voxels of a section, superior up. */
function section<T extends Float32Array | Uint8Array>(
  into: T,
  from: ArrayLike<number>,
  { across, down }: (typeof rows)[number],
  cut: number,
): T {
  const place = [0, 0, 0];
  place[3 - across - down] = cut;
  for (let row = 0; row < shape[down]; row++)
    for (let column = 0; column < shape[across]; column++) {
      place[across] = column;
      place[down] = down === 2 ? shape[2] - 1 - row : row;
      into[column + shape[across] * row] = from[place[0] + shape[0] * (place[1] + shape[1] * place[2])];
    }
  return into;
}

const canvas = createCanvas(6 * 240, 240 + 2 * 155);
const context = canvas.getContext('2d');
context.strokeStyle = '#ff5a4f';
rows.forEach((row, line) =>
  row.cuts.forEach((cut, number) => {
    const plane: Grid = { shape: [shape[row.across], shape[row.down], 1], patientFromVoxel };
    const size = plane.shape[0] * plane.shape[1];
    const [x, y] = [number * 240, line === 0 ? 0 : 240 + (line - 1) * 155];
    context.drawImage(greyImage(section(new Float32Array(size), image.voxels, row, cut), plane, window), x, y);
    context.beginPath();
    for (const [i0, j0, i1, j1] of outline(section(new Uint8Array(size), brainMask.voxels, row, cut), plane, 1)) {
      context.moveTo(x + i0, y + j0);
      context.lineTo(x + i1, y + j1);
    }
    context.stroke();
  }),
);
writeFileSync(file, canvas.toBuffer('image/png'));
console.log(`${file}: ${Math.round(coverage * 100)} % of the brain lies in the field of view`);
