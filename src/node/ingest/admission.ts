import { PrioraError } from '../../core/errors.js';
import { isUID } from '../../core/identifiers.js';
import type { InstanceHeader } from '../../dicom/instance-header.js';
import { SOPClass } from '../../dicom/uid.js';

/** What the sender announced: the C-STORE command, or the meta information of a file. */
export interface Announced {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
}

const mrClasses = new Set<string>([
  SOPClass.MRImageStorage,
  SOPClass.EnhancedMRImageStorage,
  SOPClass.LegacyConvertedEnhancedMRImageStorage,
]);

/**
 * Why a readable instance cannot be stored, or undefined if it can.
 *
 * @returns DICOM_MISSING_ATTRIBUTE or DICOM_CLASS_MISMATCH
 */
export function admissionError(announced: Announced, header: InstanceHeader): PrioraError | undefined {
  const subject = { SOPInstanceUID: header.SOPInstanceUID || announced.SOPInstanceUID };
  for (const keyword of ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'] as const) {
    if (header[keyword] === '') return new PrioraError('DICOM_MISSING_ATTRIBUTE', `${keyword} is missing`, { subject });
    if (!isUID(header[keyword]))
      return new PrioraError('DICOM_MISSING_ATTRIBUTE', `${keyword} is not a valid UID`, { subject });
  }
  if (header.PatientID === '')
    return new PrioraError('DICOM_MISSING_ATTRIBUTE', 'PatientID is missing: no follow-up could be matched', {
      subject,
    });
  for (const keyword of ['SOPClassUID', 'SOPInstanceUID'] as const)
    if (header[keyword] !== announced[keyword])
      return new PrioraError('DICOM_CLASS_MISMATCH', `${keyword} differs from what the sender announced`, { subject });
  if (mrClasses.has(header.SOPClassUID) && header.Modality !== '' && header.Modality !== 'MR')
    return new PrioraError('DICOM_CLASS_MISMATCH', `Modality ${header.Modality} under an MR storage class`, {
      subject,
    });
  return undefined;
}
