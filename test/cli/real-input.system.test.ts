import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assembleSeries } from '../../src/analysis/assemble/assemble-series.js';
import type { Analysis } from '../../src/node/operations/analyse-files.js';
import { parseFile } from '../../src/dicom/dicom-file.js';
import { prepareCurrent } from '../../src/analysis/prepare/prepare-current.js';
import { hasPeer, sharedData } from '../peers.js';
import { hasPixelmed, validate, validateStructuredReports } from '../report/peer-processes.js';
import { expectOverlayInPlace } from './picture-overlay.js';
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

/** Heads, and the rules of selection that each fails (docs/expected-verdicts.md); a head that fails one is read with `--force-series`. */
const heads = [
  { name: 't1gd-siemens-avanto', fails: [] },
  {
    name: 't1-public-domain-3t',
    fails: ['three-dimensional acquisition', 'gradient echo', 'no secondary image', 'contrast agent'],
  },
  {
    name: 't1-enhanced-siemens-xa30',
    fails: ['in-plane resolution', 'contrast agent', 'in-plane resolution', 'contrast agent'],
  },
].map((head) => ({ ...head, folder: sharedData(head.name) }));
type Head = (typeof heads)[number];
const headsAreMissing = heads.some(({ folder }) => folder === null) || !hasModels;
const isForced = ({ fails }: Head) => fails.length > 0;

/** Expects that selection refuses the folder's one study for these rules, its series one after the other. */
async function expectRefused(folder: string, fails: readonly string[]): Promise<void> {
  const { code, timePoint } = await analysed(folder);
  const { status, reason, lesions, outputs } = timePoint;
  expect({ code, status, lesions, outputs }).toEqual({ code: 4, status: 'rejected', lesions: [], outputs: nothing });
  expect([...reason!.matchAll(/FAILED ([^:]+)/g)].map(([, rule]) => rule)).toEqual(fails);
}
const nothing = { seg: null, sr: null, picture: null };

const reports = new Map<Head, ReturnType<typeof analysed>>();
/** The head's report: made once for all that is checked of it. */
function reportOf(head: Head): ReturnType<typeof analysed> {
  const report = reports.get(head) ?? analysed(head.folder!, ...(isForced(head) ? ['--force-series'] : []));
  reports.set(head, report);
  return report;
}

const errorsIn = (text: string) => text.split('\n').filter((line) => /\berror\b|^[EF]:/i.test(line));

describe.skipIf(headsAreMissing)('series selection', () => {
  test.each(heads.filter(isForced))('does not select $name, for the documented reasons', ({ folder, fails }) =>
    expectRefused(folder!, fails),
  );
});

describe.skipIf(headsAreMissing).each(heads)('$name', (head) => {
  test('gives a report, and a SEG if something is found', async () => {
    const { code, timePoint } = await reportOf(head);
    expect(code).toBe(0);
    const { status, forced, lesions, outputs, prior } = timePoint;
    expect({ status, forced, prior }).toEqual({ status: 'reported', forced: isForced(head), prior: null });
    expect(outputs.seg === null).toBe(lesions.length === 0);
  });

  test.skipIf(!hasPeer('dciodvfy'))('dciodvfy finds no error in SEG and SR', async () => {
    const { seg, sr } = (await reportOf(head)).timePoint.outputs;
    for (const object of [seg, sr].filter((given) => given !== null))
      expect(errorsIn(validate('dciodvfy', '-new', object))).toEqual([]);
  });

  test.skipIf(!hasPeer('dsrdump'))('dsrdump reads the report, which says whether the series was forced', async () => {
    const text = validate('dsrdump', '+U8', '+Pl', (await reportOf(head)).timePoint.outputs.sr!);
    expect(errorsIn(text)).toEqual([]);
    expect(text.includes('Series selection was overridden by an operator.')).toBe(isForced(head));
  });

  // Not of the others: its time rises faster than the number of images that a report refers to.
  if (!isForced(head))
    test.skipIf(!hasPixelmed)('DicomSRValidator finds no error in the report', async () => {
      const text = validateStructuredReports([(await reportOf(head)).timePoint.outputs.sr!]);
      expect(text).toContain('Root Template TID_1500');
      expect(errorsIn(text)).toEqual([]);
    });

  test('has an upright picture, with outlines where the SEG has the lesions', async () => {
    const { timePoint } = await reportOf(head);
    const files = filesOf(head.folder!).filter((path) => isOfSeries(path, timePoint.SeriesInstanceUID!));
    const { volume } = await assembleSeries(files);
    await expectOverlayInPlace(timePoint, await prepareCurrent(volume));
  });
});

function isOfSeries(path: string, SeriesInstanceUID: string): boolean {
  const file = readFileSync(path);
  if (file.toString('latin1', 128, 132) !== 'DICM') return false;
  return parseFile(file, { stopAtPixelData: true }).dataset['SeriesInstanceUID'] === SeriesInstanceUID;
}

describe.skipIf(headsAreMissing)('the vestibular schwannoma', () => {
  test('is confirmed where a person points at it, and nothing else is', async () => {
    const { lesions } = (await reportOf(heads[0])).timePoint;
    const confirmed = lesions.filter(({ confidence }) => confidence === 'confirmed');
    expect(confirmed).toHaveLength(1);
    const [x, y, z] = confirmed[0].centroidPatientMm;
    // At the left cerebellopontine angle.
    expect(Math.hypot(x - 21, y + 4, z + 46)).toBeLessThan(8);
  });
});

describe.skipIf(fruit === null)('a fruit', () => {
  test('is not selected, and is not a brain if that is overridden', async () => {
    await expectRefused(fruit!, ['contrast agent']);
    const { code, timePoint } = await analysed(fruit!, '--force-series');
    expect(code).toBe(4);
    expect(timePoint).toMatchObject({ status: 'rejected', lesions: [], outputs: nothing });
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

  test('is not a brain: it is rejected and nothing is reported', async () => {
    const { path } = configuration();
    const { code, stdout } = await priora(
      'analyse',
      fruitAsHead(),
      ...['--out', temporary('fruit-out'), '--json', '--config', path],
    );
    const [timePoint] = (JSON.parse(stdout) as Analysis).timePoints;
    expect(timePoint).toMatchObject({ status: 'rejected', lesions: [], outputs: nothing });
    expect(timePoint.reason).toMatch(/brain|head/i);
    expect(code).toBe(4);
  });
});
