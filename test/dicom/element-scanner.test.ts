import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PrioraError } from '../../src/core/errors.js';
import { parseFile } from '../../src/dicom/dicom-file.js';
import { ElementScanner } from '../../src/dicom/element-scanner.js';
import { elementEncoding } from '../../src/dicom/encoding.js';
import { headerTags, instanceHeader } from '../../src/dicom/instance-header.js';
import { decodeFileMeta, encodeFileMeta } from '../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { hasPeer, sharedData } from '../peers.js';
import { sliceDataset } from '../node/ingest/instance.js';

/** Scans a data set in pieces of `sizes` (the last one repeats) and decodes its header. */
function scan(dataset: Buffer, TransferSyntaxUID: string, sizes: number[] = [dataset.length]) {
  const scanner = new ElementScanner(elementEncoding(TransferSyntaxUID), headerTags);
  for (let at = 0, piece = 0; at < dataset.length; piece++) {
    const size = sizes[Math.min(piece, sizes.length - 1)];
    scanner.push(dataset.subarray(at, at + size));
    at += size;
  }
  scanner.end();
  return instanceHeader(scanner.elements);
}
const explicit = TransferSyntax.ExplicitVRLittleEndian;
const asFile = (dataset: Buffer) =>
  Buffer.concat([
    encodeFileMeta({
      MediaStorageSOPClassUID: SOPClass.MRImageStorage,
      MediaStorageSOPInstanceUID: '1.2.3',
      TransferSyntaxUID: explicit,
    }),
    dataset,
  ]);

/** A slice with nested sequences, as private and referenced elements bring them. */
const nested = sliceDataset(7, {
  ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '1.2.9' }, { ReferencedSOPInstanceUID: '1.2.10' }],
  PatientName: 'Müller^Jürgen',
});

describe('the element scanner', () => {
  it('reads the wanted elements however the bytes are cut', () => {
    const whole = scan(nested, explicit);
    expect(whole).toMatchObject({ PatientName: 'Müller^Jürgen', ImagePositionPatient: [0, 0, 7], NumberOfFrames: [] });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        expect(scan(nested, explicit, sizes)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('notices that a data set is cut, at any byte', () => {
    const short = sliceDataset(1, { PixelData: [new Uint16Array(4).buffer] });
    const whole: number[] = [];
    for (let length = 1; length < short.length; length++)
      try {
        scan(short.subarray(0, length), explicit);
        whole.push(length);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DICOM_UNREADABLE' });
      }
    // Only between two top-level elements is a shorter data set still one.
    expect(whole.length).toBeLessThan(40);
  });

  it('fails on arbitrary bytes only by calling them unreadable', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 0, max: nested.length }),
        fc.constantFrom<string>(explicit, TransferSyntax.ImplicitVRLittleEndian, TransferSyntax.ExplicitVRBigEndian),
        (noise, at, syntax) => {
          const bytes = Buffer.concat([nested.subarray(0, at), noise, nested.subarray(at + noise.length)]);
          try {
            scan(bytes, syntax, [64]);
          } catch (error) {
            expect(error).toBeInstanceOf(PrioraError);
            expect(error).toMatchObject({ code: 'DICOM_UNREADABLE' });
          }
        },
      ),
    );
  });

  it.skipIf(!hasPeer('dcmconv'))('reads what DCMTK writes in every encoding of elements', () => {
    const folder = mkdtempSync(join(tmpdir(), 'priora-scan-'));
    const source = join(folder, 'source.dcm');
    writeFileSync(source, asFile(nested));
    const expected = scan(nested, explicit);
    for (const options of [['+ti'], ['+tb'], ['+te', '+e'], ['+te', '-e'], ['+ti', '-e']]) {
      const target = join(folder, `${options.join('')}.dcm`);
      execFileSync('dcmconv', [...options, source, target]);
      const bytes = readFileSync(target);
      const { meta, datasetOffset } = decodeFileMeta(bytes);
      expect(scan(bytes.subarray(datasetOffset), meta.TransferSyntaxUID, [100])).toEqual(expected);
    }
  });

  it.skipIf(!hasPeer('dcmcrle'))('skips encapsulated pixels', () => {
    const folder = mkdtempSync(join(tmpdir(), 'priora-scan-'));
    const given = {
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
    };
    writeFileSync(join(folder, 'a.dcm'), asFile(sliceDataset(7, given)));
    execFileSync('dcmcrle', [join(folder, 'a.dcm'), join(folder, 'b.dcm')]);
    const bytes = readFileSync(join(folder, 'b.dcm'));
    const { meta, datasetOffset } = decodeFileMeta(bytes);
    expect(meta.TransferSyntaxUID).toBe(TransferSyntax.RLELossless);
    expect(scan(bytes.subarray(datasetOffset), meta.TransferSyntaxUID, [50]).InstanceNumber).toEqual([7]);
    expect(() => scan(bytes.subarray(datasetOffset, -8), meta.TransferSyntaxUID)).toThrow(/truncated/);
  });

  const folders = ['t1gd-siemens-avanto', 't1-fruit-ge', 't1-public-domain-3t', 't1-enhanced-siemens-xa30'];
  it.skipIf(sharedData(folders[0]) === null).each(folders)('agrees with the full reader on %s', (name) => {
    const files = readdirSync(sharedData(name)!, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
      .filter((bytes) => bytes.toString('latin1', 128, 132) === 'DICM');
    for (const bytes of [files[0], files.at(-1)!]) {
      const { meta, datasetOffset } = decodeFileMeta(bytes);
      const header = scan(bytes.subarray(datasetOffset), meta.TransferSyntaxUID, [16_378]);
      const { dataset } = parseFile(bytes, { stopAtPixelData: true });
      for (const keyword of [
        'SOPInstanceUID',
        'SeriesInstanceUID',
        'PatientID',
        'Modality',
        'SeriesDescription',
      ] as const)
        expect(header[keyword]).toBe(dataset[keyword] ?? '');
      for (const keyword of ['ImagePositionPatient', 'ImageOrientationPatient', 'SliceThickness'] as const)
        expect(header[keyword]).toEqual([dataset[keyword] ?? []].flat());
    }
  });
});
