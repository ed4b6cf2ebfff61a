import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeEncapsulatedPdf } from '../../src/report/report.js';
import type { ReportInput } from '../../src/report/types.js';
import { hasPeer } from '../peers.js';
import { cases } from './cases.js';
import { freshFolder, validate } from './peer-processes.js';
import { imagesOf } from './synthetic-report.js';

const folder = freshFolder();
const path = (name: string, extension: 'pdf' | 'dcm') => join(folder, `${name}.${extension}`);

const write = (input: ReportInput) => writeEncapsulatedPdf(input, imagesOf(input));

const hasReaders = hasPeer('dcm2pdf') && hasPeer('pdftotext');
const named = (name: string) => cases.find((one) => one.name === name)!.input;
const chosen = ['axial-umlauts', 'multi-frame-japanese', 'none', 'prior-refused', 'forty'];

beforeAll(() => {
  for (const name of chosen) {
    writeFileSync(path(name, 'dcm'), write(named(name)).bytes);
    // DCMTK takes the document out: as many bytes as EncapsulatedDocumentLength says.
    if (hasReaders) execFileSync('dcm2pdf', [path(name, 'dcm'), path(name, 'pdf')]);
  }
});

test('equal input gives equal bytes, another document another UID', () => {
  const input = named('none');
  const first = write(input);
  expect(write(input).bytes.equals(first.bytes)).toBe(true);
  const other = write({ ...input, noPriorReason: { kind: 'no earlier study' } });
  expect(other.SOPInstanceUID).not.toBe(first.SOPInstanceUID);
  expect(other.SeriesInstanceUID).not.toBe(first.SeriesInstanceUID);
});

describe.skipIf(!hasPeer('dciodvfy'))('dicom3tools', () => {
  test.each(chosen)('%s: dciodvfy finds no error', (name) => {
    const report = validate('dciodvfy', '-new', path(name, 'dcm'));
    expect(report).toMatch(/^EncapsulatedPDF$/m);
    expect(report).not.toMatch(/error/i);
  });
});

describe.skipIf(!hasReaders)('poppler', () => {
  const textOf = (name: string) => execFileSync('pdftotext', ['-layout', path(name, 'pdf'), '-'], { encoding: 'utf8' });

  test.each(chosen)('%s: has two pages', (name) => {
    expect(validate('pdfinfo', path(name, 'pdf'))).toMatch(/^Pages: +2$/m);
  });

  test('each page says whose it is and that it is not for clinical use', () => {
    for (const page of textOf('axial-umlauts').split('\f').slice(0, 2)) {
      expect(page).toContain('Jäger, Jörg Übel');
      expect(page).toContain('P-axial-umlauts');
      expect(page).toContain('2024-03-12');
      expect(page).toContain('NOT FOR CLINICAL USE');
    }
  });

  test('a name in several scripts is there in each of them', () => {
    const text = textOf('multi-frame-japanese');
    for (const name of ['Yamada, Tarou', '山田 太郎', 'やまだ たろう']) expect(text).toContain(name);
  });
});
