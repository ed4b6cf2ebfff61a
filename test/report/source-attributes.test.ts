import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseFile } from '../../src/dicom/dicom-file.js';
import { acquiredAt, patientAndStudy } from '../../src/report/source-attributes.js';
import { writeReport } from '../../src/report/sr/write.js';
import { cases } from './cases.js';
import { freshFolder, hasPydicom, pythonJson } from './peer-processes.js';

const { input, sourceFiles } = cases.find(({ name }) => name === 'none')!;
const header = input.source.header;

describe.skipIf(!hasPydicom)('names in the character sets of the world', () => {
  const folder = freshFolder();
  writeFileSync(join(folder, 'utf8.dcm'), sourceFiles[0]);
  const rewrite = `
import sys, pydicom
ds = pydicom.dcmread(sys.argv[1])
ds.SpecificCharacterSet = sys.argv[3].split('|')
ds.PatientName = sys.argv[4]
ds.save_as(sys.argv[2])`;
  const readName = `
import json, sys, pydicom
ds = pydicom.dcmread(sys.argv[1])
print(json.dumps([ds.SpecificCharacterSet, str(ds.PatientName)]))`;

  test.each([
    ['ISO_IR 100', 'Müller^Jörg'],
    ['ISO_IR 144', 'Иванов^Пётр'],
    ['|ISO 2022 IR 87', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['ISO_IR 13|ISO 2022 IR 87', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
    ['GB18030', 'Wang^XiaoDong=王^小东'],
  ])('%s becomes UTF-8', (characterSet, name) => {
    const [source, result] = [join(folder, 'source.dcm'), join(folder, 'result.dcm')];
    execFileSync('/usr/bin/python3', ['-c', rewrite, join(folder, 'utf8.dcm'), source, characterSet, name]);
    const { dataset } = parseFile(readFileSync(source), { stopAtPixelData: true });
    const report = writeReport({ ...input, source: { ...input.source, header: dataset } }, null);
    writeFileSync(result, report.bytes);
    expect(pythonJson(readName, result)).toEqual(['ISO_IR 192', name]);
  });
});

describe('patientAndStudy', () => {
  test('may shorten descriptions, never identifiers', () => {
    const copied = patientAndStudy({
      ...header,
      StudyDescription: `a\u0007${'b'.repeat(80)}`,
      AccessionNumber: '12345678901234567',
      StudyID: ' 7 ',
      PatientBirthDate: '1950.01.31',
      PatientSex: 'female',
    });
    expect(copied).toMatchObject({
      StudyDescription: `a ${'b'.repeat(62)}`,
      AccessionNumber: '',
      StudyID: '7',
      PatientBirthDate: '19500131',
      PatientSex: '',
    });
  });

  test('leave out half a de-identification code', () => {
    const whole = {
      CodeValue: '113100',
      CodingSchemeDesignator: 'DCM',
      CodeMeaning: 'Basic Application Confidentiality Profile',
    };
    const copied = patientAndStudy({ ...header, DeidentificationMethodCodeSequence: [whole, { CodeValue: '1' }] });
    expect(copied['DeidentificationMethodCodeSequence']).toEqual([whole]);
  });

  test('refuse a source without a study', () => {
    expect(() => patientAndStudy({ ...header, StudyInstanceUID: undefined })).toThrow(/no StudyInstanceUID/);
  });
});

describe('acquiredAt', () => {
  test.each([
    [{ AcquisitionDateTime: '20240312102233.500000+0100' }, { date: '20240312', time: '102233.500000' }],
    [
      { AcquisitionDate: '20240312', AcquisitionTime: '1022' },
      { date: '20240312', time: '1022' },
    ],
    [
      { SeriesDate: '2024.03.12', SeriesTime: '10:22:33' },
      { date: '20240312', time: '102233' },
    ],
    [
      { AcquisitionDate: 'yesterday', StudyDate: '20240311' },
      { date: '20240311', time: '000000' },
    ],
    // Derived data have a content of another day; the index files the time point by its series.
    [
      { ContentDate: '20240701', ContentTime: '0900', SeriesDate: '20240312', SeriesTime: '1022' },
      { date: '20240312', time: '1022' },
    ],
    // A complete pair counts more than a date alone, as in the index.
    [
      { AcquisitionDate: '20240313', StudyDate: '20240312', StudyTime: '1022' },
      { date: '20240312', time: '1022' },
    ],
  ])('%j', (dates, expected) => expect(acquiredAt(dates)).toEqual(expected));

  test('refuses to invent a date: no date at all is an error', () => {
    expect(() => acquiredAt({})).toThrow(/no date/);
    expect(() => acquiredAt({ StudyDate: '19000101', InstanceCreationDate: '20240312' })).toThrow(/no date/);
  });
});
