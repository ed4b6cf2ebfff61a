import { loadImage, createCanvas } from '@napi-rs/canvas';
import { describe, expect, test } from 'vitest';
import { drawTimePoint, type PictureInput } from '../../src/report/picture/time-point-picture.js';
import { applyAffine } from '../../src/imaging/affine.js';
import { emptyVolume, type Grid, type Volume } from '../../src/imaging/volume.js';
import { sourceGrid } from '../analysis/measure/probability-maps.js';

/** A head of grey with a bright spot, and a lesion on the patient's left, in front of the middle. */
function head(grid: Grid): { current: Volume; labels: PictureInput['labels'] } {
  const current = emptyVolume(grid);
  const voxels = new Uint16Array(current.voxels.length);
  const [nx, ny] = grid.shape;
  for (let index = 0; index < voxels.length; index++) {
    const [x, y, z] = applyAffine(grid.patientFromVoxel, [
      index % nx,
      Math.floor(index / nx) % ny,
      Math.floor(index / (nx * ny)),
    ]);
    if (Math.hypot(x / 60, y / 75, z / 70) < 1) current.voxels[index] = 100;
    if (Math.hypot(x - 30, y + 40, z - 10) <= 7) {
      current.voxels[index] = 200;
      voxels[index] = 1;
    }
  }
  return { current, labels: { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels } };
}

const lesion = { number: 1, confidence: 'confirmed', volumeMm3: 1437, longAxisMm: 14, trackingID: 'Lesion 1', change: 'new' } as const; // prettier-ignore

/** Centre of the pixels that `matches`, in the panel of the given column, as fractions of the panel. */
async function centreOf(png: Buffer, column: 0 | 1 | 2, matches: (r: number, g: number, b: number) => boolean) {
  const image = await loadImage(png);
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const [x0, y0, width, height] = [8 + column * 348, 34 + 24, 340, image.height - 34 - 24 - 8 - 44];
  const { data } = context.getImageData(x0, y0, width, height);
  let count = 0, x = 0, y = 0; // prettier-ignore
  for (let pixel = 0; pixel < width * height; pixel++) {
    if (!matches(data[pixel * 4], data[pixel * 4 + 1], data[pixel * 4 + 2])) continue;
    count++;
    x += pixel % width;
    y += Math.floor(pixel / width);
  }
  return { count, x: x / count / width, y: y / count / height };
}
const red = (r: number, g: number, b: number) => r > 200 && g < 120 && b < 110;
const yellow = (r: number, g: number, b: number) => r > 200 && g > 170 && b < 110;

describe('drawTimePoint', () => {
  test.each(['axial', 'sagittal', 'coronal'] as const)(
    "shows %s images with the patient's left on the right and anterior up, and draws only on the last column",
    async (orientation) => {
      const grid = sourceGrid(
        orientation,
        [2, 2, 2],
        orientation === 'axial' ? [80, 90, 80] : orientation === 'sagittal' ? [90, 80, 80] : [80, 80, 90],
      );
      const { current, labels } = head(grid);
      const png = drawTimePoint({ prior: null, current, labels, lesions: [lesion], demonstration: true });
      const bright = await centreOf(png, 1, (r, g, b) => r > 250 && g > 250 && b > 250);
      expect(bright.count).toBeGreaterThan(100);
      // 30 mm left and 40 mm in front of the middle of a 160 × 180 mm field.
      expect(bright.x).toBeCloseTo(0.5 + 30 / 160, 1);
      expect(bright.y).toBeCloseTo(0.5 - 40 / 180, 1);
      const outline = await centreOf(png, 2, red);
      expect(outline.x).toBeCloseTo(bright.x, 1);
      expect(outline.y).toBeCloseTo(bright.y, 1);
      expect((await centreOf(png, 1, red)).count).toBe(0);
    },
  );

  test('draws candidates in yellow, and gives equal bytes for equal input', async () => {
    const { current, labels } = head(sourceGrid('axial', [2, 2, 2], [80, 90, 80]));
    const input: PictureInput = {
      prior: current,
      current,
      labels,
      lesions: [{ ...lesion, confidence: 'candidate' }],
      demonstration: true,
    };
    const png = drawTimePoint(input);
    expect((await centreOf(png, 2, yellow)).count).toBeGreaterThan(50);
    expect((await centreOf(png, 2, red)).count).toBe(0);
    expect((await centreOf(png, 0, (r) => r > 80)).count).toBeGreaterThan(500);
    expect(drawTimePoint(input).equals(png)).toBe(true);
  });

  test('draws four rows for more than four lesions, and three levels for none', async () => {
    const { current, labels } = head(sourceGrid('axial', [2, 2, 2], [80, 90, 80]));
    const numbers = [1, 2, 3, 4, 5, 6];
    numbers.forEach((number) => (labels.voxels[40 + 80 * (30 + 90 * (10 * number))] = number));
    const height = async (lesions: PictureInput['lesions']) =>
      (await loadImage(drawTimePoint({ prior: null, current, labels, lesions, demonstration: false }))).height;
    const rowHeight = (await height([lesion, { ...lesion, number: 2 }])) - (await height([lesion]));
    const fixed = (await height([lesion])) - rowHeight;
    expect(await height(numbers.map((number) => ({ ...lesion, number })))).toBe(fixed + 4 * rowHeight);
    expect(await height([])).toBe(fixed + 3 * rowHeight);
  });
});
