import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { items, number, text } from '../../src/dicom/dataset.js';
import { parseFile, readDicomHead, writeFile } from '../../src/dicom/dicom-file.js';
import { ElementScanner } from '../../src/dicom/element-scanner.js';
import { elementEncoding } from '../../src/dicom/encoding.js';
import { headerTags, instanceHeader } from '../../src/dicom/instance-header.js';
import { decodeFileMeta } from '../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { hasPeer, peerEnvironment } from '../peers.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'priora-odd-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const image = writeFile({
  SpecificCharacterSet: 'ISO_IR 192',
  SOPClassUID: SOPClass.MRImageStorage,
  SOPInstanceUID: '2.25.1',
  StudyInstanceUID: '2.25.2',
  SeriesInstanceUID: '2.25.3',
  Modality: 'MR',
  PatientName: 'Odd^Encoding',
  PatientID: '4711',
  InstanceNumber: '7',
  Rows: 2,
  Columns: 2,
  PixelData: new Uint16Array([1, 2, 3, 4]).buffer,
  _vrMap: { PixelData: 'OW' },
});

const u16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const tagBytes = (tag: number) => Buffer.concat([u16(tag >>> 16), u16(tag & 0xffff)]);
const short = (tag: number, vr: string, value: string) =>
  Buffer.concat([tagBytes(tag), Buffer.from(vr), u16(value.length), Buffer.from(value, 'latin1')]);
const long = (tag: number, vr: string, length: number, value: Buffer) =>
  Buffer.concat([tagBytes(tag), Buffer.from(vr), u16(0), u32(length), value]);
const implicit = (tag: number, value: string) =>
  Buffer.concat([tagBytes(tag), u32(value.length), Buffer.from(value, 'latin1')]);
const item = (length: number, ...content: Buffer[]) => Buffer.concat([tagBytes(0xfffee000), u32(length), ...content]);
const endOfItem = Buffer.concat([tagBytes(0xfffee00d), u32(0)]);
const endOfSequence = Buffer.concat([tagBytes(0xfffee0dd), u32(0)]);
const unknown = 0xffffffff;
const uid = implicit(0x00081155, '2.25.99\0');
const explicitUID = short(0x00081155, 'UI', '2.25.99\0');

/** The image with bytes put in front of PatientName, which is the first element of group 0010. */
function withElement(bytes: Buffer): Buffer {
  const at = image.indexOf(Buffer.from('10001000504e', 'hex'));
  return Buffer.concat([image.subarray(0, at), bytes, image.subarray(at)]);
}

/** What ingest makes of a data set as it streams by, in small pieces. */
function scanned(file: Buffer) {
  const { meta, datasetOffset } = decodeFileMeta(file);
  const scanner = new ElementScanner(elementEncoding(meta.TransferSyntaxUID), headerTags);
  for (let at = datasetOffset; at < file.length; at += 13) scanner.push(file.subarray(at, at + 13));
  scanner.end();
  return instanceHeader(scanner.elements);
}

function expectRead(file: Buffer) {
  expect(scanned(file)).toMatchObject({ PatientName: 'Odd^Encoding', PatientID: '4711', InstanceNumber: [7] });
  const { dataset, pixelData } = parseFile(file, { stopAtPixelData: true });
  expect(text(dataset, 'PatientName')).toBe('Odd^Encoding');
  expect(number(dataset, 'Columns')).toBe(2);
  expect(pixelData?.length).toBe(8);
  return dataset;
}

const garbage = Buffer.from('this is no item of any sequence!');

describe('an element that no image needs, encoded against the standard, is passed over by its length', () => {
  it.each<[string, Buffer]>([
    ['a private sequence of rubbish', long(0x00091001, 'SQ', garbage.length, garbage)],
    ['a referenced sequence of rubbish', long(0x00081140, 'SQ', garbage.length, garbage)],
    ['an item longer than its sequence', long(0x00081140, 'SQ', 24, item(500, explicitUID))],
    ['an element longer than its item', long(0x00081140, 'SQ', 24, item(16, Buffer.from(explicitUID).fill(0x7f, 6, 8)))],
    ['UN with a sequence of rubbish in it', long(0x00081140, 'UN', garbage.length, garbage)],
    ['a private element without VR', Buffer.concat([tagBytes(0x00091001), Buffer.from('\0\0'), u16(4), Buffer.from('abcd')])],
    ['a private element of a VR to come', long(0x00091001, 'ZZ', 4, Buffer.from('abcd'))],
    ['private fragments', Buffer.concat([long(0x00091001, 'OB', unknown, item(4, Buffer.from('abcd'))), endOfSequence])],
    ['a private sequence without end markers of its items', Buffer.concat([long(0x00091001, 'SQ', unknown, item(10, short(0x00091002, 'LO', 'ab'))), endOfSequence])],
  ])('%s', (_, bytes) => {
    expectRead(withElement(bytes));
  }); // prettier-ignore

  it('of undefined length, up to the delimiter that the next element follows', () => {
    const rubbish = Buffer.concat([garbage, endOfSequence, garbage, endOfSequence]);
    const { dataset } = parseFile(withElement(long(0x00091001, 'SQ', unknown, rubbish)), { stopAtPixelData: true });
    expect(text(dataset, 'PatientName')).toBe('Odd^Encoding');
  });

  it('but one that ends beyond the file is not', () => {
    const file = withElement(long(0x00091001, 'SQ', 5000, garbage));
    expect(() => parseFile(file)).toThrow(/longer than what is left/);
    expect(() => scanned(file)).toThrow(/truncated/);
  });
});

describe('a sequence whose items are in the other encoding is read', () => {
  it.each<[string, Buffer]>([
    ['UN of undefined length, items explicit', Buffer.concat([long(0x00081140, 'UN', unknown, item(unknown, explicitUID, endOfItem)), endOfSequence])],
    ['UN of undefined length, items implicit', Buffer.concat([long(0x00081140, 'UN', unknown, item(unknown, uid, endOfItem)), endOfSequence])],
    ['UN of defined length, items explicit', long(0x00081140, 'UN', 24, item(16, explicitUID))],
    ['UN of defined length, items implicit', long(0x00081140, 'UN', 24, item(16, uid))],
    ['SQ of undefined length, items implicit', Buffer.concat([long(0x00081140, 'SQ', unknown, item(unknown, uid, endOfItem)), endOfSequence])],
    ['SQ of defined length, items implicit', long(0x00081140, 'SQ', 24, item(16, uid))],
  ])('%s', (_, bytes) => {
    const [reference] = items(expectRead(withElement(bytes)), 'ReferencedImageSequence');
    expect(text(reference, 'ReferencedSOPInstanceUID')).toBe('2.25.99');
  }); // prettier-ignore
});

describe('zeros after the last element', () => {
  const { datasetOffset } = decodeFileMeta(image);
  it.each([1, 7, 8, 9, 128, 1000])('%i of them, are no element', (count) => {
    expectRead(Buffer.concat([image, Buffer.alloc(count)]));
    // Behind a data set without pixels, where the reader comes upon them.
    const report = Buffer.concat([
      image.subarray(0, image.indexOf(Buffer.from('e07f1000', 'hex'))),
      Buffer.alloc(count),
    ]);
    expect(number(parseFile(report).dataset, 'Columns')).toBe(2);
    expect(scanned(report).InstanceNumber).toEqual([7]);
  });

  it.skipIf(!hasPeer('dcmconv')).each(['+ti', '+tb'])('also under another transfer syntax (dcmconv %s)', (option) => {
    const [source, target] = [join(folder, 'a.dcm'), join(folder, 'b.dcm')];
    writeFileSync(source, image);
    execFileSync('dcmconv', [option, source, target], { env: peerEnvironment });
    for (const count of [4, 8, 128]) expectRead(Buffer.concat([readFileSync(target), Buffer.alloc(count)]));
  });

  it('followed by anything else are no data set', () => {
    const file = Buffer.concat([image, Buffer.alloc(64), Buffer.from('tail')]);
    expect(() => scanned(file)).toThrow(expect.objectContaining({ code: 'DICOM_UNREADABLE' }));
    expect(datasetOffset).toBeGreaterThan(132);
  });
});

describe('group 0002 inside the data set', () => {
  const stray = short(0x00020010, 'UI', `${TransferSyntax.ExplicitVRBigEndian}\0`);
  const { datasetOffset } = decodeFileMeta(image);

  it('right behind the file meta information belongs to the data set: what was negotiated counts', () => {
    const file = Buffer.concat([image.subarray(0, datasetOffset), stray, image.subarray(datasetOffset)]);
    const found = decodeFileMeta(file);
    expect(found).toMatchObject({ datasetOffset, meta: { TransferSyntaxUID: TransferSyntax.ExplicitVRLittleEndian } });
    expect(expectRead(file)).not.toHaveProperty('TransferSyntaxUID');
  });

  it('elsewhere is dropped as well', () => {
    expect(expectRead(withElement(stray))).not.toHaveProperty('TransferSyntaxUID');
  });

  it('without a group length to tell, ends where group 0002 ends', () => {
    const lengthless = Buffer.concat([image.subarray(0, 132), image.subarray(144)]);
    expect(decodeFileMeta(lengthless).datasetOffset).toBe(datasetOffset - 12);
    expectRead(lengthless);
    const wrong = Buffer.from(image);
    wrong.writeUInt32LE(12, 140);
    expect(decodeFileMeta(wrong).datasetOffset).toBe(datasetOffset);
  });
});

describe('a header is read to the pixel data', () => {
  it.each([
    ['beyond 128 KiB, which end between two elements', 131_072, 0],
    ['beyond 128 KiB, which end inside an element', 131_072, 3],
    ['beyond 128 KiB, which end inside a header', 131_072, -5],
    ['beyond 1 MiB', 1_048_576, 0],
  ])('%s', async (name, boundary, shift) => {
    // The private element ends where the bytes read first do, give or take.
    const at = image.indexOf(Buffer.from('10001000504e', 'hex'));
    const length = boundary - at - 12 + shift;
    const file = withElement(long(0x00091001, 'OB', length + (length % 2), Buffer.alloc(length + (length % 2), 7)));
    const path = join(folder, `${name}.dcm`);
    writeFileSync(path, file);
    const { dataset, pixelData } = await readDicomHead(path);
    expect(number(dataset, 'Columns')).toBe(2);
    expect(text(dataset, 'PatientID')).toBe('4711');
    expect(pixelData?.length).toBe(8);
  });

  it('and a file without any is read whole', async () => {
    const path = join(folder, 'report.dcm');
    writeFileSync(path, image.subarray(0, image.indexOf(Buffer.from('e07f1000', 'hex'))));
    expect(number((await readDicomHead(path)).dataset, 'Columns')).toBe(2);
  });
});
