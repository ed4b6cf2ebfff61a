import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { beforeAll, describe, expect, test } from 'vitest';
import { volumeChange } from '../../src/model/change.js';
import type { LesionSighting } from '../../src/model/lesion.js';
import type { LedgerLesion, ResponseAssessment } from '../../src/model/response.js';
import { loadMappings } from '../../src/node/mappings.js';
import type { ReportInput } from '../../src/report/report-input.js';
import { hasPeer } from '../peers.js';
import { cases } from './cases.js';
import { freshFolder, validate } from './peer-processes.js';
import { imagesOf } from './synthetic-report.js';
import { writeEncapsulatedPdf } from '../../src/report/pdf/write.js';

const hasReaders = hasPeer('dcm2pdf') && hasPeer('pdftotext');
const folder = freshFolder();
const path = (name: string, extension: 'pdf' | 'dcm') => join(folder, `${name}.${extension}`);
const named = (name: string) => cases.find((one) => one.name === name)!.input;
const { response: criteria } = loadMappings('mappings');

const days = 86_400_000;
const scannedAt = Date.UTC(2024, 2, 12, 10);
const priorSighting = (volumeMm3: number): LesionSighting => ({
  StudyInstanceUID: '2.25.111',
  order: 1,
  acquiredAt: scannedAt - 42 * days,
  confidence: 'confirmed',
  volumeMm3,
  longAxisMm: 10,
  shortAxisMm: 8,
  axialSlices: 4,
});

const onLedger = (trackingID: string, longAxisMm: number, baselineMm: number | null): LedgerLesion => ({
  trackingUID: '2.25.1',
  trackingID,
  longAxisMm,
  baselineMm,
  nadirMm: baselineMm,
  firstSeen: baselineMm === null ? 2 : 1,
});

const progression: ResponseAssessment = {
  overall: 'PD',
  notEvaluable: null,
  immunotherapy: 'no',
  underImmunotherapy: null,
  confirmed: false,
  confirmationDays: 28,
  sustainedDays: null,
  baselineOrder: 1,
  targets: {
    category: 'PD',
    lesions: [onLedger('Lesion 1', 18, 12)],
    leastCountedMm: 5,
    sumMm: 18,
    baselineSumMm: 12,
    nadirSumMm: 12,
    nadirOrder: 1,
  },
  nonTargets: { category: 'none', lesions: [], progressing: [] },
  newLesions: [onLedger('Lesion 2', 9, null)],
  equivocalLesions: [],
  datedBackTo: null,
};

/** The first lesion has doubled in 42 days, the second is new, one is gone. */
const followed: ReportInput = {
  ...named('axial-umlauts'),
  timePoint: { order: 2, type: 'posttreatment', acquiredAt: scannedAt },
  lesions: named('axial-umlauts').lesions.map((lesion, index) => {
    if (index > 0) return { ...lesion, change: 'new' };
    const before = priorSighting(lesion.volumeMm3 / 2);
    const since = volumeChange(before, { acquiredAt: scannedAt, volumeMm3: lesion.volumeMm3 }, criteria);
    return { ...lesion, change: 'grown', history: [before], sincePrior: since, sinceBaseline: since };
  }),
  gone: [
    {
      trackingUID: '2.25.77',
      trackingID: 'Lesion 77',
      site: null,
      history: [priorSighting(250)],
      status: 'not visualised',
      mergedInto: null,
    },
  ],
  response: progression,
};

const inputs: Readonly<Record<string, ReportInput>> = {
  followed,
  german: { ...followed, language: 'de' },
  japanese: named('multi-frame-japanese'),
  none: named('none'),
  'prior-refused': named('prior-refused'),
  forty: { ...named('forty'), response: progression, gone: followed.gone },
  unknownScript: {
    ...named('none'),
    source: {
      ...named('none').source,
      header: { ...named('none').source.header, PatientName: 'Somchai^Jaidee=สมชาย^ใจดี' },
    },
  },
};

const write = (input: ReportInput) => writeEncapsulatedPdf(input, imagesOf(input));

beforeAll(() => {
  for (const [name, input] of Object.entries(inputs)) {
    writeFileSync(path(name, 'dcm'), write(input).bytes);
    // DCMTK takes the document out: as many bytes as EncapsulatedDocumentLength says.
    if (hasReaders) execFileSync('dcm2pdf', [path(name, 'dcm'), path(name, 'pdf')]);
  }
});

test('equal input gives equal bytes, another document another UID', () => {
  const first = write(inputs['none']);
  expect(write(inputs['none']).bytes.equals(first.bytes)).toBe(true);
  const other = write({ ...inputs['none'], qualityNotes: [] });
  expect(other.SOPInstanceUID).not.toBe(first.SOPInstanceUID);
  expect(other.SeriesInstanceUID).not.toBe(first.SeriesInstanceUID);
});

describe.skipIf(!hasPeer('dciodvfy'))('dicom3tools', () => {
  test.each(Object.keys(inputs))('%s: dciodvfy finds no error', (name) => {
    const report = validate('dciodvfy', '-new', path(name, 'dcm'));
    expect(report).toMatch(/^EncapsulatedPDF$/m);
    expect(report).not.toMatch(/error/i);
  });
});

describe.skipIf(!hasReaders)('poppler', () => {
  const textOf = (name: string) =>
    execFileSync('pdftotext', ['-layout', path(name, 'pdf'), '-'], { encoding: 'utf8' }).replaceAll('\u00a0', ' ');
  const rowOf = (text: string, lesion: string) =>
    text.split('\n').findLast((line) => line.trimStart().startsWith(`${lesion} `));

  test.each(Object.keys(inputs))('%s: two pages that say whose they are', (name) => {
    expect(validate('pdfinfo', path(name, 'pdf'))).toMatch(/^Pages: +2$/m);
    const pages = textOf(name).split('\f').slice(0, 2);
    for (const page of pages) {
      expect(page).toContain(inputs[name].source.header['PatientID']);
      expect(page).toMatch(/2024-03-12|12\.03\.2024/);
      expect(page).toMatch(/NOT FOR CLINICAL USE|NICHT FÜR DEN KLINISCHEN GEBRAUCH/);
    }
  });

  test('the prior is outlined by what its own analysis found, in the same colours', async () => {
    const images = imagesOf(followed);
    const priorFindings = { labels: followed.labels, lesions: followed.lesions };
    /** Red pixels of the prior's column. */
    const red = async (name: string, written: { readonly bytes: Buffer }) => {
      writeFileSync(path(name, 'dcm'), written.bytes);
      execFileSync('dcm2pdf', [path(name, 'dcm'), path(name, 'pdf')]);
      const page = join(folder, name);
      execFileSync('pdftoppm', ['-r', '72', '-f', '1', '-l', '1', '-singlefile', '-png', path(name, 'pdf'), page]);
      const image = await loadImage(`${page}.png`);
      const context = createCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(180, 0, 120, image.height);
      return data.filter((value, index) => index % 4 === 0 && value > 150 && data[index + 1] < value / 1.5).length;
    };
    const without = await red('without', writeEncapsulatedPdf(followed, images));
    const outlined = await red('outlined', writeEncapsulatedPdf(followed, { ...images, priorFindings }));
    expect(outlined).toBeGreaterThan(without + 50);
  });

  test('a followed patient has verdict, sums, growth, new lesions and lesions not visualised', () => {
    const text = textOf('followed');
    for (const sentence of [
      'Jäger, Jörg Übel',
      '2024-01-30 (42 days earlier), registration accepted',
      'Progressive disease (PD)',
      '18.0 mm',
      'baseline: +50 %',
      'New since baseline: Lesion 2',
      '1 not visualised',
      '+100 % in 42 days',
      'doubling time 42 days',
      'Lesion 1 12.0 → 12.0 → 18.0.',
      'Lesion 77: Not visualised. Last seen at time point 1, 42 days earlier: 250 mm³',
      'High-specificity network m-spec 1.0.0, SHA-256 b2b2',
    ])
      expect(text).toContain(sentence);
    expect(rowOf(text, 'Lesion 1')).toMatch(/confirmed +grown +2\.11 cm³ +16\.0 × 16\.0 mm +\+100 % +\+100 % +42 days/);
    expect(rowOf(text, 'Lesion 3')).toMatch(/candidate +new +0\.012 cm³ +2\.0 × 2\.0 mm +– +– +–/);
  });

  test('a followed patient has the same in German', () => {
    const text = textOf('german');
    for (const sentence of [
      'Progrediente Erkrankung (PD)',
      'Verdopplungszeit 42 Tage',
      'Neu seit dem Ausgangsbefund: Lesion 2',
    ])
      expect(text).toContain(sentence);
    expect(rowOf(text, 'Lesion 1')).toMatch(/bestätigt +progredient +2,11 cm³/);
  });

  test('a name in several scripts is there in each; a script without glyphs is left out', () => {
    const text = textOf('japanese');
    for (const name of ['Yamada, Tarou', '山田 太郎', 'やまだ たろう']) expect(text).toContain(name);
    const [line] = textOf('unknownScript').split('\n');
    expect(line).toMatch(/Somchai, Jaidee$/);
  });

  test('a sheet without lesions says so; a refused prior says why', () => {
    expect(textOf('none')).toContain('No lesions found');
    expect(textOf('none')).toContain('The brain extends beyond the field of view; 93 % of it was examined.');
    expect(textOf('prior-refused')).toContain('none: the study of 2024-01-30 was not used');
    expect(textOf('prior-refused')).toContain('similarity 0.120 is below 0.3');
  });

  test('with forty lesions the table says how many more the SR has, and the networks are still named', () => {
    const text = textOf('forty');
    const [, table] = text.split('Long × short axis');
    const listed = table.match(/^ *Lesion \d+ .* cm³/gm)!.length;
    expect(listed).toBeGreaterThan(10);
    expect(text).toContain(`and ${40 - listed} more lesions, listed in the structured report (SR)`);
    expect(text).toContain('a1'.repeat(32));
    expect(text).toContain('b2'.repeat(32));
  });
});
