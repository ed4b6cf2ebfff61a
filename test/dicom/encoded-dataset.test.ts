import { describe, expect, it } from 'vitest';
import { decodeDataset, encodeDataset } from '../../src/dicom/encoded-dataset.js';
import { TransferSyntax } from '../../src/dicom/uid.js';

const query = {
  QueryRetrieveLevel: 'STUDY',
  StudyDate: '20260101-20260131',
  ModalitiesInStudy: ['MR', 'SEG'],
  PatientName: 'Müller*',
  PatientID: '',
  StudyInstanceUID: '1.2.3',
  NumberOfStudyRelatedInstances: '',
  ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '1.2.3.4' }],
};

describe('an encoded data set', () => {
  it.each([TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.ImplicitVRLittleEndian])('reads back in %s', (uid) => {
    const read = decodeDataset(encodeDataset(query, uid), uid);
    expect(read).toMatchObject({
      SpecificCharacterSet: 'ISO_IR 192',
      QueryRetrieveLevel: 'STUDY',
      StudyDate: '20260101-20260131',
      ModalitiesInStudy: ['MR', 'SEG'],
      StudyInstanceUID: '1.2.3',
      ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '1.2.3.4' }],
    });
    expect(JSON.stringify(read['PatientName'])).toContain('Müller*');
    expect(Object.keys(read)).toEqual(expect.arrayContaining(['PatientID', 'NumberOfStudyRelatedInstances']));
  });

  it('says nothing of character sets where all is ASCII', () => {
    const uid = TransferSyntax.ImplicitVRLittleEndian;
    const ascii = { ...query, PatientName: 'Mueller*' };
    expect(decodeDataset(encodeDataset(ascii, uid), uid)).not.toHaveProperty('SpecificCharacterSet');
  });

  it('is the elements in the order of their tags and nothing else', () => {
    const bytes = encodeDataset({ StudyInstanceUID: '1.2', Modality: 'MR' }, TransferSyntax.ImplicitVRLittleEndian);
    expect(bytes.toString('hex')).toBe('08006000020000004d52' + '20000d0004000000312e3200');
  });

  it('is not written compressed, and garbage is not read', () => {
    expect(() => encodeDataset(query, TransferSyntax.RLELossless)).toThrow(
      expect.objectContaining({ code: 'DICOM_INVALID_OUTPUT' }) as Error,
    );
    expect(() => decodeDataset(Buffer.from('no data set'), TransferSyntax.ImplicitVRLittleEndian)).toThrow(
      expect.objectContaining({ code: 'DICOM_UNREADABLE' }) as Error,
    );
  });
});
