import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReportInput } from '../../src/report/report-input.js';
import { hasPeer } from '../peers.js';
import { allObjects } from './all-objects.js';
import { cases } from './cases.js';
import {
  compileSegmentationReader,
  freshFolder,
  hasDcmsegHeaders,
  hasPydicom,
  readResultObjects,
  validate,
} from './peer-processes.js';

const folder = freshFolder();
const { input: followedUp, sourceFiles } = cases.find(({ name }) => name === 'followed-up')!;
/** By size they are 1, 2 and 3; the patient's history calls them otherwise. The third is a candidate. */
const names = ['Lesion 12', 'Lesion 7', 'Lesion 5'];
const input: ReportInput = {
  ...followedUp,
  lesions: followedUp.lesions.map((lesion, index) => ({ ...lesion, trackingID: names[index] })),
};
const languages = { en: ['Lesion 12', 'Lesion 7', 'Lesion 5 (candidate)'], de: ['Lesion 12', 'Lesion 7', 'Lesion 5 (Kandidat)'] } as const; // prettier-ignore
const path = (language: string, kind: string) => join(folder, `${language}.${kind}.dcm`);

beforeAll(() => {
  for (const language of ['en', 'de'] as const) {
    for (const [kind, { bytes }] of allObjects({ ...input, language })) writeFileSync(path(language, kind), bytes);
    sourceFiles.forEach((bytes, index) => writeFileSync(path(language, `source-${index}`), bytes));
  }
});

describe.each(['en', 'de'] as const)('in %s every object calls a lesion by its tracking identifier', (language) => {
  const expected = languages[language];

  test.skipIf(!hasDcmsegHeaders)('the SEG, read by dcmseg', () => {
    const lines = validate(compileSegmentationReader(folder), path(language, 'SEG')).split('\n');
    const labels = lines
      .filter((line) => line.startsWith('segment '))
      .map((line) => line.split(' ').slice(3).join(' '));
    expect(labels).toEqual(expected);
  });

  test.skipIf(!hasPydicom)('label map, contours and key images, read by pydicom', () => {
    const { RTSTRUCT, LABELMAP, KOS } = readResultObjects(folder, [language])[language];
    expect(RTSTRUCT!.rois.map(({ name }) => name)).toEqual(expected);
    expect(LABELMAP!.segments.slice(1).map(([, label]) => label)).toEqual(expected);
    for (const name of expected) expect(KOS!.text).toContain(name);
    expect(KOS!.text).not.toMatch(/Metasta[a-z]+ \d|(Candidate|Kandidat) \d/);
  });

  test.skipIf(!hasPeer('dcm2pdf') || !hasPeer('pdftotext'))('the sheet, read by poppler', () => {
    execFileSync('dcm2pdf', [path(language, 'PDF'), join(folder, 'sheet.pdf')]);
    const text = execFileSync('pdftotext', ['-layout', join(folder, 'sheet.pdf'), '-'], { encoding: 'utf8' });
    for (const name of expected) expect(text).toContain(name);
  });
});
