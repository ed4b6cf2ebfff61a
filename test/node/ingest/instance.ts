import type { Dataset } from '../../../src/dicom/dataset.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { decodeFileMeta } from '../../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../../src/dicom/uid.js';
import type { AssociationInfo, StoreRequest } from '../../../src/dimse/index.js';

/** An MR slice's data set (Explicit VR Little Endian), `number` millimetres up its stack. */
export function sliceDataset(number: number, overrides: Dataset = {}): Buffer {
  const pixels = new Uint16Array(256).fill(number);
  const file = writeFile({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: SOPClass.MRImageStorage,
    SOPInstanceUID: `1.2.3.1.1.${number}`,
    StudyDate: '20260102',
    StudyTime: '101112',
    Modality: 'MR',
    SeriesDescription: 't1 mprage gd',
    PatientName: 'Doe^Jane',
    PatientID: 'P1',
    PatientBirthDate: '19600102',
    PatientSex: 'F',
    StudyInstanceUID: '1.2.3.1',
    SeriesInstanceUID: '1.2.3.1.1',
    InstanceNumber: number,
    ImagePositionPatient: [0, 0, number],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    Rows: 16,
    Columns: 16,
    BitsAllocated: 16,
    PixelData: [pixels.buffer],
    _vrMap: { PixelData: 'OW' },
    ...overrides,
  });
  return file.subarray(decodeFileMeta(file).datasetOffset);
}

/** A C-STORE request as the SCP hands it on. */
export function storeRequest(
  SOPInstanceUID: string,
  options: { association?: number; callingAETitle?: string; SOPClassUID?: string; transferSyntax?: string } = {},
): StoreRequest {
  const abstractSyntax = options.SOPClassUID ?? SOPClass.MRImageStorage;
  const presentationContext = {
    id: 1,
    abstractSyntax,
    transferSyntax: options.transferSyntax ?? TransferSyntax.ExplicitVRLittleEndian,
    requestorRoles: { scu: true, scp: false },
  };
  return {
    AffectedSOPClassUID: abstractSyntax,
    AffectedSOPInstanceUID: SOPInstanceUID,
    presentationContext,
    association: association(options.association ?? 1, options.callingAETitle),
  };
}

export const association = (id: number, callingAETitle = 'MR1'): AssociationInfo => ({
  id,
  callingAETitle,
  calledAETitle: 'PRIORA',
  peerAddress: '127.0.0.1',
  peerPort: 1,
  peerImplementationClassUID: '1.2',
  peerImplementationVersionName: 'TEST',
  presentationContexts: [],
  secure: false,
});
