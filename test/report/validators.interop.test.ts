import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { objectKinds, type ObjectKind } from '../../src/model/object-kind.js';
import { hasPeer } from '../peers.js';
import { allObjects } from './all-objects.js';
import { cases } from './cases.js';
import { freshFolder, validate } from './peer-processes.js';

const folder = freshFolder();
const path = (name: string, kind: string) => join(folder, `${name}.${kind}.dcm`);
const written = new Map<string, readonly ObjectKind[]>();
const errors = (report: string) => report.split('\n').filter((line) => /\berror\b/i.test(line));

beforeAll(() => {
  for (const { name, input, sourceFiles } of cases) {
    const objects = allObjects(input);
    written.set(name, [...objects.keys()]);
    // DCMTK 3.6.7 cannot read a document that names a label map, which it does not know, as an image.
    const older = allObjects(
      input,
      objectKinds.filter((kind) => !kind.startsWith('LABELMAP')),
    );
    for (const [kind, { bytes }] of [...objects, ...older]) writeFileSync(path(name, kind), bytes);
    sourceFiles.forEach((bytes, index) => writeFileSync(path(name, `source-${index}`), bytes));
  }
});

/** IODs as dciodvfy names them; it does not know label maps (test/report/result-objects.interop.test.ts reads those with pydicom). */
const iods: Partial<Record<ObjectKind, string>> = {
  SEG: 'Segmentation',
  SR: 'Comprehensive3DSR',
  'LABELMAP-SR': 'Comprehensive3DSR',
  RTSTRUCT: 'RTStructureSet',
  REG: 'SpatialRegistration',
  PDF: 'EncapsulatedPDF',
  KOS: 'KeyObjectSelectionDocument',
  RejectionNote: 'KeyObjectSelectionDocument',
};
/** What it therefore says of a report that refers to a label map's segments. */
const unknownLabelMap = 'Shall not be present for Referenced SOP Class that is not segmentation';

describe.skipIf(!hasPeer('dciodvfy'))('dicom3tools', () => {
  test.each(cases)('$name: dciodvfy finds no error in any object', ({ name }) => {
    for (const kind of written.get(name)!.filter((known) => iods[known])) {
      const report = validate('dciodvfy', '-new', path(name, kind));
      const found = errors(report).filter((line) => kind !== 'LABELMAP-SR' || !line.includes(unknownLabelMap));
      expect(found).toEqual([]);
      expect(report.split('\n')).toContain(iods[kind]);
    }
  });

  test.each(cases)('$name: dcentvfy finds one patient and study in source and results', ({ name, sourceFiles }) => {
    const results = written.get(name)!.map((kind) => path(name, kind));
    const sources = sourceFiles.map((_, index) => path(name, `source-${index}`));
    expect(errors(validate('dcentvfy', ...results, ...sources))).toEqual([]);
  });
});

describe.skipIf(!hasPeer('dsrdump'))('DCMTK dsrdump', () => {
  test.each(cases)('$name: reads the report, the key images and the rejection note', ({ name, input }) => {
    const report = validate('dsrdump', '+Pc', '+U8', path(name, 'SR'));
    expect(report).toContain('Imaging Measurement Report');
    expect(errors(report)).toEqual([]);
    expect(report.match(/\(125007,DCM/g)?.length ?? 0).toBe(input.lesions.length);
    for (const kind of written.get(name)!.filter((one) => one === 'KOS' || one === 'RejectionNote'))
      expect(errors(validate('dsrdump', path(name, kind)))).toEqual([]);
  });
});

describe.skipIf(!hasPeer('dcmdump'))('DCMTK dcmdump', () => {
  test.each(cases)('$name: reads every object to its end', ({ name }) => {
    const report = validate('dcmdump', ...written.get(name)!.map((kind) => path(name, kind)));
    expect(report.match(/SOPInstanceUID/g)!.length).toBeGreaterThanOrEqual(written.get(name)!.length);
    expect(report.split('\n').filter((line) => /^[EF]: /.test(line))).toEqual([]);
  });
});
