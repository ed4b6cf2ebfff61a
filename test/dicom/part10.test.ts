import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFile } from '../../src/dicom/dicom-file.js';
import { decodeFileMeta, encodeFileMeta, readFileMeta } from '../../src/dicom/part10.js';
import { implementationClassUID, SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { hasPeer } from '../peers.js';

const meta = {
  MediaStorageSOPClassUID: SOPClass.MRImageStorage,
  MediaStorageSOPInstanceUID: '1.2.3.4',
  TransferSyntaxUID: TransferSyntax.JPEGLSLossless,
  SourceApplicationEntityTitle: 'SCANNER1',
};

describe('PS3.10 file meta information', () => {
  it('reads back what it writes, and finds the data set behind it', () => {
    const head = encodeFileMeta(meta);
    const file = Buffer.concat([head, Buffer.from('0800050043530a0049534f5f495220313932', 'hex')]);
    expect(decodeFileMeta(file)).toEqual({
      meta: { ...meta, ImplementationClassUID: implementationClassUID, ImplementationVersionName: 'PRIORA_0_1' },
      datasetOffset: head.length,
    });
    expect(head.length % 2).toBe(0);
    expect(encodeFileMeta(meta)).toEqual(head);
  });

  it('reads what another writer wrote, from disk', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'priora-part10-')), 'a.dcm');
    writeFileSync(
      path,
      writeFile({
        SpecificCharacterSet: 'ISO_IR 192',
        SOPClassUID: SOPClass.MRImageStorage,
        SOPInstanceUID: '1.2.3',
        PatientID: 'P',
      }),
    );
    const { meta: found, datasetOffset, fileLength } = await readFileMeta(path);
    expect(found).toMatchObject({ MediaStorageSOPInstanceUID: '1.2.3', TransferSyntaxUID: '1.2.840.10008.1.2.1' });
    expect(datasetOffset).toBeLessThan(fileLength);
  });

  it.each([
    ['no prefix', Buffer.alloc(200)],
    ['a cut meta group', encodeFileMeta(meta).subarray(0, 200)],
    ['an empty file', Buffer.alloc(0)],
    [
      'an element longer than the file',
      Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.from('02000100' + '4f420000' + 'ffffffff', 'hex')]),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeFileMeta(bytes)).toThrow(expect.objectContaining({ code: 'DICOM_UNREADABLE' }));
  });

  it.skipIf(!hasPeer('dcmdump'))('is read by dcmdump', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'priora-part10-')), 'a.dcm');
    const dataset = Buffer.from('10002000' + '4c4f' + '0200' + '5020', 'hex');
    writeFileSync(
      path,
      Buffer.concat([encodeFileMeta({ ...meta, TransferSyntaxUID: TransferSyntax.ExplicitVRLittleEndian }), dataset]),
    );
    const dump = execFileSync('dcmdump', [path], { encoding: 'utf8' });
    expect(dump).toContain('(0002,0016) AE [SCANNER1]');
    expect(dump).toContain('(0010,0020) LO [P]');
    expect(dump).not.toMatch(/warning|error/i);
  });
});
