import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dcmjs from 'dcmjs';
import { describe, expect, it } from 'vitest';
import { firstItem, items, text, type Dataset } from '../../src/dicom/dataset.js';
import { parseFile, writeFile } from '../../src/dicom/dicom-file.js';
import { SOPClass } from '../../src/dicom/uid.js';
import { hasPeer, hasPythonModule, peerEnvironment, python, sharedData } from '../peers.js';

const folder = mkdtempSync(join(tmpdir(), 'dataset-'));

const sample: Dataset = {
  SpecificCharacterSet: 'ISO_IR 192',
  SOPClassUID: SOPClass.MRImageStorage,
  SOPInstanceUID: '2.25.1',
  ImageType: ['ORIGINAL', 'PRIMARY', 'M'],
  PatientName: 'Müller^Änne',
  PatientID: '4711',
  EchoTime: '2.97',
  ImagePositionPatient: ['-1.5', '2', '3.25'],
  ReferencedImageSequence: [
    { ReferencedSOPClassUID: SOPClass.MRImageStorage, ReferencedSOPInstanceUID: '2.25.2' },
    { ReferencedSOPClassUID: SOPClass.MRImageStorage, ReferencedSOPInstanceUID: '2.25.3' },
  ],
  Rows: 2,
  Columns: 2,
  SmallestImagePixelValue: 7,
  PixelRepresentation: 0,
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelData: new Uint16Array([1, 2, 3, 4]).buffer,
  _vrMap: { PixelData: 'OW', SmallestImagePixelValue: 'US' },
};
const file = writeFile(sample);

describe('parseFile', () => {
  it('reads what we wrote', () => {
    const { dataset, pixelData } = parseFile(file);
    expect(text(dataset, 'PatientName')).toBe('Müller^Änne');
    expect(dataset).toMatchObject({
      EchoTime: 2.97,
      ImagePositionPatient: [-1.5, 2, 3.25],
      Rows: 2,
      PatientID: '4711',
    });
    expect(text(items(dataset, 'ReferencedImageSequence')[1], 'ReferencedSOPInstanceUID')).toBe('2.25.3');
    expect(Buffer.from((dataset['PixelData'] as ArrayBuffer[])[0]).toString('hex')).toBe('0100020003000400');
    expect(pixelData?.length).toBe(8);
  });

  it('leaves pixels out if asked to', () => {
    const { dataset, pixelData } = parseFile(file, { stopAtPixelData: true });
    expect(dataset).not.toHaveProperty('PixelData');
    expect(pixelData?.length).toBe(8);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is no DICOM file, whatever its name says'.repeat(10))],
    ['a file cut in its meta information', file.subarray(0, 160)],
    ['a file cut inside an element', file.subarray(0, file.indexOf('ORIGINAL') + 3)],
    ['random bytes after the prefix', Buffer.concat([file.subarray(0, 400), Buffer.alloc(300, 0xa7)])],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseFile(bytes)).toThrow(expect.objectContaining({ code: 'DICOM_UNREADABLE' }));
  });

  it('never hangs or crashes on a file cut anywhere', () => {
    for (let length = 0; length < file.length; length++)
      try {
        parseFile(file.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ code: 'DICOM_UNREADABLE' });
      }
  });

  it('refuses sequences nested without end', () => {
    const deep = Buffer.concat(
      Array.from({ length: 4000 }, () => Buffer.from('080040115351000' + '0ffffffff' + 'feff00e0ffffffff', 'hex')),
    );
    const start = file.indexOf(Buffer.from('08000500', 'hex'));
    expect(() => parseFile(Buffer.concat([file.subarray(0, start), deep]))).toThrow(/nested too deeply/);
  });

  it('reads UN of undefined length as a sequence in Implicit VR (PS3.5 6.2.2)', () => {
    const start = file.indexOf(Buffer.from('08000500', 'hex'));
    const unknown = Buffer.from(
      '08004011' + '554e0000' + 'ffffffff' + 'feff00e0ffffffff' + '08005511' + '06000000' + '322e32352e39' + // 2.25.9
        'feff0de000000000' + 'feffdde000000000',
      'hex',
    ); // prettier-ignore
    const { dataset } = parseFile(Buffer.concat([file.subarray(0, start), unknown]));
    expect(text(firstItem(dataset, 'ReferencedImageSequence'), 'ReferencedSOPInstanceUID')).toBe('2.25.9');
  });
});

describe.skipIf(!hasPeer('dcmconv'))('parseFile on what DCMTK writes', () => {
  const source = join(folder, 'source.dcm');
  it.each([
    ['Implicit VR Little Endian', '+ti'],
    ['Explicit VR Little Endian', '+te'],
    ['Explicit VR Big Endian', '+tb'],
    ['Deflated Explicit VR Little Endian', '+td'],
    ['explicit sequence lengths', '+e'],
    ['undefined sequence lengths', '-e'],
    ['group lengths', '+g'],
  ])('%s', (_, option) => {
    writeFileSync(source, file);
    const target = join(folder, `converted${option}.dcm`);
    execFileSync('dcmconv', [option, source, target], { env: peerEnvironment });
    const expected = parseFile(file, { stopAtPixelData: true }).dataset;
    expect(JSON.stringify(parseFile(readFileSync(target), { stopAtPixelData: true }).dataset)).toBe(
      JSON.stringify(expected),
    );
  });

  it('refuses a data set encoded other than its transfer syntax says', () => {
    writeFileSync(source, file);
    const target = join(folder, 'implicit.dcm');
    execFileSync('dcmconv', ['+ti', source, target], { env: peerEnvironment });
    const implicit = readFileSync(target);
    const dataStart = (bytes: Buffer) => bytes.indexOf(Buffer.from('08000500', 'hex'));
    const swapped = (meta: Buffer, body: Buffer) =>
      Buffer.concat([meta.subarray(0, dataStart(meta)), body.subarray(dataStart(body))]);
    for (const bytes of [swapped(file, implicit), swapped(implicit, file)])
      expect(() => parseFile(bytes)).toThrow(expect.objectContaining({ code: 'DICOM_UNREADABLE' }));
  });

  it.each([
    ['latin-1', 'ISO_IR 100', 'Müller^Änne'],
    ['GB18030', 'GB18030', 'Wang^XiaoDong=王^小东'],
  ])('a name in %s', (_, SpecificCharacterSet, PatientName) => {
    writeFileSync(source, writeFile({ ...sample, PatientName }));
    const target = join(folder, 'charset.dcm');
    execFileSync('dcmconv', ['--convert-to-charset', SpecificCharacterSet, source, target], {
      env: peerEnvironment,
      stdio: 'pipe',
    });
    const { dataset } = parseFile(readFileSync(target));
    expect(text(dataset, 'PatientName')).toBe(PatientName);
    expect(dataset['SpecificCharacterSet']).toBe('ISO_IR 192');
  });
});

describe.skipIf(!hasPythonModule('pydicom'))('parseFile on several character sets, as pydicom writes them', () => {
  it.each([
    ['kanji', ['', 'ISO 2022 IR 87'], 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['katakana and kanji', ['ISO 2022 IR 13', 'ISO 2022 IR 87'], 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
    ['hangul', ['', 'ISO 2022 IR 149'], 'Hong^Gildong=洪^吉洞=홍^길동'],
    ['Greek and Latin', ['ISO 2022 IR 100', 'ISO 2022 IR 126'], 'Dionysios=Διονυσιος'],
  ])('%s', (_, SpecificCharacterSet, PatientName) => {
    const source = join(folder, 'source.dcm');
    const target = join(folder, 'pydicom.dcm');
    writeFileSync(source, file);
    const script = `
import json, sys, pydicom
sets, name, source, target = json.loads(sys.argv[1])
ds = pydicom.dcmread(source)
ds.SpecificCharacterSet = sets
ds.PatientName = name
ds.save_as(target)`;
    execFileSync(python, ['-c', script, JSON.stringify([SpecificCharacterSet, PatientName, source, target])]);
    const bytes = readFileSync(target);
    expect(bytes.includes(Buffer.from(PatientName))).toBe(false); // not UTF-8 any more
    expect(text(parseFile(bytes).dataset, 'PatientName')).toBe(PatientName);
  });
});

/** dcmjs reads a blank name as a name of one space, and leaves keys for pixels it did not read. */
const readOtherwise = ['PixelData', 'ReferringPhysicianName'];

/** Elements compared by value; padding spaces at the end are no part of a value (PS3.5 6.2). */
function comparable(dataset: unknown): Dataset {
  const plain = JSON.parse(
    JSON.stringify(dataset, (key, value: unknown) =>
      key === '_vrMap'
        ? undefined
        : value instanceof ArrayBuffer
          ? Buffer.from(value).toString('base64')
          : typeof value === 'string'
            ? value.trimEnd()
            : value,
    ),
  ) as Dataset;
  return Object.fromEntries(Object.entries(plain).filter(([keyword]) => !readOtherwise.includes(keyword)));
}

describe.each(['t1gd-siemens-avanto', 't1-fruit-ge', 't1-public-domain-3t', 't1-enhanced-siemens-xa30'])(
  'a real header of %s',
  (name) => {
    const data = sharedData(name);
    it.skipIf(data === null)('reads as dcmjs reads it, private elements included', () => {
      const bytes = readFileSync(join(data!, readdirSync(data!)[0]));
      const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      const { dict } = dcmjs.data.DicomMessage.readFile(buffer, { untilTag: '7FE00010', includeUntilTagValue: false });
      const ours = comparable(parseFile(bytes, { stopAtPixelData: true }).dataset);
      const theirs = comparable(dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict));
      expect(ours).toEqual(theirs);
    });
  },
);
