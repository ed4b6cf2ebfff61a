import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFileMeta, encodeFileMeta } from '../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { hasPeer } from '../peers.js';
import { convert, dataset, encode } from './random-dataset.js';

const explicitLE = TransferSyntax.ExplicitVRLittleEndian;
const implicitLE = TransferSyntax.ImplicitVRLittleEndian;

describe.skipIf(!hasPeer('dcmconv'))('beside dcmconv', () => {
  const folder = mkdtempSync(join(tmpdir(), 'priora-convert-'));
  /** dcmconv's data set, with undefined lengths and without group lengths. */
  function dcmconv(bytes: Buffer, TransferSyntaxUID: string, to: '+ti' | '+te'): Buffer {
    const meta = encodeFileMeta({
      MediaStorageSOPClassUID: SOPClass.MRImageStorage,
      MediaStorageSOPInstanceUID: '1.2.3',
      TransferSyntaxUID,
    });
    const [from, target] = [join(folder, 'from.dcm'), join(folder, 'to.dcm')];
    writeFileSync(from, Buffer.concat([meta, bytes]));
    execFileSync('dcmconv', [to, '-e', '-g', from, target]);
    const written = readFileSync(target);
    return written.subarray(decodeFileMeta(written).datasetOffset);
  }

  it('writes the same Implicit VR', () => {
    fc.assert(
      fc.property(dataset(true, 2), (elements) => {
        const explicit = encode(elements, true);
        fc.pre(explicit.length > 0);
        expect(convert(explicit, true).toString('hex')).toBe(dcmconv(explicit, explicitLE, '+ti').toString('hex'));
      }),
      { numRuns: 40 },
    );
  });

  it('writes the same Explicit VR of standard elements', () => {
    fc.assert(
      fc.property(dataset(false, 2), (elements) => {
        const implicit = encode(elements, false);
        fc.pre(implicit.length > 0);
        expect(convert(implicit, false).toString('hex')).toBe(dcmconv(implicit, implicitLE, '+te').toString('hex'));
      }),
      { numRuns: 40 },
    );
  });

  it('writes an Explicit VR of private elements that dcmconv reads as they were', () => {
    fc.assert(
      fc.property(dataset(true, 2), (elements) => {
        const implicit = encode(elements, false, true);
        fc.pre(implicit.length > 0);
        expect(dcmconv(convert(implicit, false), explicitLE, '+ti').toString('hex')).toBe(implicit.toString('hex'));
      }),
      { numRuns: 40 },
    );
  });
});
