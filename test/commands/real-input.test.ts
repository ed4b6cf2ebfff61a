import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { describe, expect, test } from 'vitest';
import type { TimePoint } from '../../src/case/time-point.js';
import type { Analysis } from '../../src/commands/analyse.js';
import { parseFile } from '../../src/dicom/dataset.js';
import { hasPeer, sharedData } from '../peers.js';
import { hasPixelmed, validate, validateStructuredReports } from '../report/peer-processes.js';
import { configuration, priora, root, temporary } from './priora.js';

const avanto = sharedData('t1gd-siemens-avanto');
const fruit = sharedData('t1-fruit-ge');
const hasModels = readdirSync(join(root, 'models')).filter((name) => name.endsWith('.onnx')).length >= 2;
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** `priora analyse` of a folder with the shipped models. */
async function analysed(folder: string, ...options: string[]) {
  const { path } = configuration({ modelsDir: join(root, 'models') });
  const out = ['--out', temporary('real'), '--json', '--config', path];
  const { code, stdout } = await priora('analyse', folder, ...out, ...options);
  const { timePoints, refusedFiles } = JSON.parse(stdout) as Analysis;
  expect(refusedFiles.filter(({ dicom }) => dicom)).toEqual([]);
  expect(timePoints).toHaveLength(1);
  return { code, timePoint: timePoints[0] };
}

const errorsIn = (text: string) => text.split('\n').filter((line) => /^(Error|E:)/.test(line));

/** What was written, as validators that we did not write take it. */
function expectValid({ seg, sr }: TimePoint['outputs']): void {
  if (hasPeer('dciodvfy'))
    for (const object of [seg, sr].filter((given) => given !== null))
      expect(errorsIn(validate('dciodvfy', '-new', object))).toEqual([]);
  if (hasPeer('dsrdump')) expect(errorsIn(validate('dsrdump', '+U8', sr!))).toEqual([]);
}

/** Where the outlines and rings of a picture lie, in pixels from the upper left corner of its last column, and whether any lies elsewhere. */
async function coloured(path: string): Promise<{ across: number; down: number; elsewhere: number }> {
  const { canvas, width, height } = await pictureOf(path);
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const third = 8 + 2 * (340 + 8);
  const found: [number, number][] = [];
  let elsewhere = 0;
  // Below the titles and the first caption, above what stands at the foot.
  for (let y = 34 + 24; y < height - 44; y++)
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = data.subarray(4 * (y * width + x));
      if (red < 200 || blue > 120 || red - green < 90) continue;
      if (x < third) elsewhere++;
      else found.push([x - third, y - 34 - 24]);
    }
  const mean = (axis: 0 | 1) => found.reduce((sum, pixel) => sum + pixel[axis], 0) / found.length;
  return { across: mean(0), down: mean(1), elsewhere };
}

async function pictureOf(path: string) {
  const image = await loadImage(path);
  const { width, height } = image;
  const canvas = createCanvas(width, height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  return { canvas, width, height };
}

describe.skipIf(avanto === null || !hasModels)('a real head after contrast, with the shipped models', () => {
  test('gives a report that validators take, and a SEG where something is found', { timeout: 280_000 }, async () => {
    const { code, timePoint } = await analysed(avanto!);
    expect(code).toBe(0);
    const { status, forced, lesions, outputs, prior } = timePoint;
    expect({ status, forced, prior }).toEqual({ status: 'reported', forced: false, prior: null });
    expect(outputs.seg === null).toBe(lesions.length === 0);
    // The schwannoma at the left cerebellopontine angle, as a person points at it; nothing else is confirmed.
    const confirmed = lesions.filter(({ confidence }) => confidence === 'confirmed');
    expect(confirmed).toHaveLength(1);
    const [x, y, z] = confirmed[0].centroidPatientMm;
    expect(Math.hypot(x - 21, y + 4, z + 46)).toBeLessThan(8);
    expectValid(outputs);
    if (hasPixelmed) {
      const report = validateStructuredReports([outputs.sr!]);
      expect(report).toContain('Root Template TID_1500');
      expect(report).not.toMatch(/\berror\b/i);
    }

    // In the picture, too: upright, the patient's left on the right, and outlined in the last column only. The slices are axial but for a degree.
    const { dataset } = parseFile(readFileSync(filesOf(avanto!).find((path) => path.endsWith('.dcm'))!), {
      stopAtPixelData: true,
    });
    const [left, top] = dataset['ImagePositionPatient'] as number[];
    const pixelMm = Number((dataset['PixelSpacing'] as number[])[0]);
    const scale = 340 / Number(dataset['Columns']) / pixelMm;
    const { across, down, elsewhere } = await coloured(outputs.picture!);
    expect(elsewhere).toBe(0);
    expect(Math.abs(across - (x - left) * scale)).toBeLessThan(12);
    expect(Math.abs(down - (y - top) * scale)).toBeLessThan(12);
  });
});

const refused = ['t1-public-domain-3t', 't1-enhanced-siemens-xa30'].map((name) => [name, sharedData(name)] as const);

describe.skipIf(refused.some(([, folder]) => folder === null) || !hasModels)('heads that selection refuses', () => {
  test.each(refused)(
    '%s: refused with the reason; reported when that is overridden, which the report says',
    { timeout: 280_000 },
    async (_, folder) => {
      const plain = await analysed(folder!);
      expect(plain.code).toBe(4);
      expect(plain.timePoint).toMatchObject({ status: 'rejected', lesions: [], outputs: { seg: null, sr: null } });
      expect(plain.timePoint.reason).toContain('FAILED contrast agent: no evidence');

      const { code, timePoint } = await analysed(folder!, '--force-series');
      expect(code).toBe(0);
      expect(timePoint).toMatchObject({ status: 'reported', forced: true });
      expectValid(timePoint.outputs);
      if (hasPeer('dsrdump'))
        expect(validate('dsrdump', '+U8', '+Pl', timePoint.outputs.sr!)).toContain(
          'although series selection refused it',
        );
    },
  );
});

describe.skipIf(fruit === null)('a fruit', () => {
  test('is refused by selection, and is no brain where that is overridden', { timeout: 280_000 }, async () => {
    const plain = await analysed(fruit!);
    expect([plain.code, plain.timePoint.status]).toEqual([4, 'rejected']);
    expect(plain.timePoint.reason).toContain('FAILED contrast agent: no evidence');
    const { code, timePoint } = await analysed(fruit!, '--force-series');
    expect(code).toBe(4);
    expect(timePoint).toMatchObject({
      status: 'rejected',
      lesions: [],
      outputs: { seg: null, sr: null, picture: null },
    });
    expect(timePoint.reason).toContain('does not look like a head');
  });
});

describe.skipIf(avanto === null || fruit === null)('pixels of fruit under the headers of a head', () => {
  const slicesOf = (folder: string) =>
    filesOf(folder)
      .map((path) => ({ path, file: readFileSync(path) }))
      .filter(({ file }) => file.toString('latin1', 128, 132) === 'DICM')
      .map((slice) => ({ ...slice, ...parseFile(slice.file, { stopAtPixelData: true }) }))
      .sort((a, b) => Number(a.dataset['InstanceNumber']) - Number(b.dataset['InstanceNumber']));

  /** The head's files with the fruit's pixels in the place of theirs, stretched to their rows and columns. */
  function fruitAsHead(): string {
    const folder = temporary('fruit');
    const fruits = slicesOf(fruit!);
    for (const [index, { file, dataset: head, pixelData }] of slicesOf(avanto!).entries()) {
      const { dataset: from, pixelData: source } = fruits[Math.min(index, fruits.length - 1)];
      const [rows, columns] = [Number(head['Rows']), Number(head['Columns'])];
      const start = file.length - pixelData!.bytes.length;
      for (let voxel = 0; voxel < rows * columns; voxel++) {
        const row = Math.floor((Math.floor(voxel / columns) / rows) * Number(from['Rows']));
        const column = Math.floor(((voxel % columns) / columns) * Number(from['Columns']));
        const at = 2 * (row * Number(from['Columns']) + column);
        file.set(source!.bytes.subarray(at, at + 2), start + 2 * voxel);
      }
      writeFileSync(join(folder, `${index}.dcm`), file);
    }
    return folder;
  }

  test('are no brain: rejected, nothing is reported', { timeout: 280_000 }, async () => {
    const { path } = configuration();
    const { code, stdout } = await priora(
      'analyse',
      fruitAsHead(),
      ...['--out', temporary('fruit-out'), '--json', '--config', path],
    );
    const [timePoint] = (JSON.parse(stdout) as Analysis).timePoints;
    expect(timePoint).toMatchObject({
      status: 'rejected',
      lesions: [],
      outputs: { seg: null, sr: null, picture: null },
    });
    expect(timePoint.reason).toMatch(/brain|head/i);
    expect(code).toBe(4);
  });
});
