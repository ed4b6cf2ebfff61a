import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../src/commands/analyse.js';
import { parseFile } from '../../src/dicom/dataset.js';
import { hasPeer, sharedData } from '../peers.js';
import { validate } from '../report/peer-processes.js';
import { configuration, priora, root, temporary } from './priora.js';

const avanto = sharedData('t1gd-siemens-avanto');
const fruit = sharedData('t1-fruit-ge');
const hasModels = readdirSync(join(root, 'models')).filter((name) => name.endsWith('.onnx')).length >= 2;
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe.skipIf(avanto === null || !hasModels)('a real head after contrast, with the shipped models', () => {
  test('gives a report that validators take, and a SEG where something is found', { timeout: 280_000 }, async () => {
    const { path } = configuration({ modelsDir: join(root, 'models') });
    const { code, stdout } = await priora('analyse', avanto!, '--out', temporary('real'), '--json', '--config', path);
    expect(code).toBe(0);
    const { timePoints, refusedFiles } = JSON.parse(stdout) as Analysis;
    expect(refusedFiles.filter(({ dicom }) => dicom)).toEqual([]);
    expect(timePoints).toHaveLength(1);
    const [{ status, forced, lesions, outputs, prior }] = timePoints;
    expect({ status, forced, prior }).toEqual({ status: 'reported', forced: false, prior: null });
    expect(outputs.seg === null).toBe(lesions.length === 0);
    // The schwannoma at the left cerebellopontine angle, as a person points at it; nothing else is confirmed.
    const confirmed = lesions.filter(({ confidence }) => confidence === 'confirmed');
    expect(confirmed).toHaveLength(1);
    const [x, y, z] = confirmed[0].centroidPatientMm;
    expect(Math.hypot(x - 21, y + 4, z + 46)).toBeLessThan(8);
    expect(readFileSync(outputs.picture!).subarray(1, 4).toString()).toBe('PNG');
    if (!hasPeer('dciodvfy')) return;
    for (const object of [outputs.seg, outputs.sr].filter((given) => given !== null))
      expect(
        validate('dciodvfy', '-new', object)
          .split('\n')
          .filter((line) => line.startsWith('Error')),
      ).toEqual([]);
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
