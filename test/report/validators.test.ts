import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeRejectionNote, writeReport, writeSegmentation } from '../../src/report/report.js';
import { hasPeer } from '../peers.js';
import { cases } from './cases.js';
import { freshFolder, hasPixelmed, validate, validateStructuredReports } from './peer-processes.js';

const folder = freshFolder();
const path = (name: string, kind: string) => join(folder, `${name}.${kind}.dcm`);
const kindsOf = (lesions: readonly unknown[]) => (lesions.length > 0 ? ['seg', 'sr', 'ko'] : ['sr', 'ko']);
const errors = (report: string) => report.split('\n').filter((line) => /\berror\b/i.test(line));

beforeAll(() => {
  for (const { name, input, sourceFiles } of cases) {
    const { header } = input.source;
    const StudyInstanceUID = header['StudyInstanceUID'] as string;
    const segmentation = input.lesions.length > 0 ? writeSegmentation(input) : null;
    const report = writeReport(input, segmentation);
    const note = writeRejectionNote({
      header,
      superseded: [report, ...(segmentation ? [segmentation] : [])].map((object) => ({ ...object, StudyInstanceUID })),
      reason: 'A late slice arrived.',
      software: input.software,
      demonstration: input.demonstration,
    });
    if (segmentation) writeFileSync(path(name, 'seg'), segmentation.bytes);
    writeFileSync(path(name, 'sr'), report.bytes);
    writeFileSync(path(name, 'ko'), note.bytes);
    sourceFiles.forEach((bytes, index) => writeFileSync(path(name, `source-${index}`), bytes));
  }
});

describe.skipIf(!hasPeer('dciodvfy'))('dicom3tools', () => {
  test.each(cases)('$name: dciodvfy finds no error in any object', ({ name, input }) => {
    for (const kind of kindsOf(input.lesions)) {
      const report = validate('dciodvfy', '-new', path(name, kind));
      expect(errors(report)).toEqual([]);
      expect(report).toMatch(/^(Segmentation|Comprehensive3DSR|KeyObjectSelectionDocument)$/m);
    }
  });

  test.each(cases)(
    '$name: dcentvfy finds one patient and study in source and results',
    ({ name, input, sourceFiles }) => {
      const results = kindsOf(input.lesions).map((kind) => path(name, kind));
      const sources = sourceFiles.map((_, index) => path(name, `source-${index}`));
      expect(errors(validate('dcentvfy', ...results, ...sources))).toEqual([]);
    },
  );
});

describe.skipIf(!hasPeer('dsrdump'))('DCMTK dsrdump', () => {
  test.each(cases)('$name: reads the report and the rejection note', ({ name, input }) => {
    const report = validate('dsrdump', '+Pc', '+U8', path(name, 'sr'));
    expect(report).toContain('Imaging Measurement Report');
    expect(errors(report)).toEqual([]);
    expect(report.match(/\(125007,DCM/g)?.length ?? 0).toBe(input.lesions.length);
    expect(errors(validate('dsrdump', path(name, 'ko')))).toEqual([]);
  });
});

describe.skipIf(!hasPixelmed)('pixelmed DicomSRValidator', () => {
  test('finds no error against TID 1500 and 2010', { timeout: 300_000 }, () => {
    // The slow one (seconds a lesion): a case for each branch of the tree.
    const chosen = ['coronal', 'none', 'prior-refused'];
    const files = chosen.map((name) => path(name, 'sr'));
    const report = validateStructuredReports([...files, path('coronal', 'ko')]);
    expect(report.match(/IOD validation complete/g)).toHaveLength(files.length + 1);
    expect(report.match(/Root Template TID_1500/g)).toHaveLength(files.length);
    expect(report).toContain('Root Template TID_2010');
    expect(errors(report)).toEqual([]);
  });
});
