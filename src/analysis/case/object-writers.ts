import type { TimePointImages } from '../../report/picture/time-point-picture.js';
import type { ObjectKind } from '../../model/object-kind.js';
import { writeEncapsulatedPdf } from '../../report/pdf/write.js';
import { writeKeyImages } from '../../report/kos/write.js';
import { writeLabelMap, writeSegmentation } from '../../report/seg/write.js';
import { writeReport } from '../../report/sr/write.js';
import { writeSpatialRegistration } from '../../report/reg/write.js';
import { writeStructureSet } from '../../report/rtstruct/write.js';
import type { ReportInput, WrittenObject } from '../../report/report-input.js';

/**
 * @param images of the time point, for those that draw.
 * @param written what has been written before it, by kind; null where there is none.
 */
export type ObjectWriter = (
  input: ReportInput,
  images: TimePointImages,
  written: (kind: ObjectKind) => WrittenObject | null,
) => WrittenObject | null;

const ofLesions =
  (write: (input: ReportInput) => WrittenObject): ObjectWriter =>
  (input) =>
    input.lesions.length > 0 ? write(input) : null;

/**
 * How each kind is written; null where a case has nothing that it could say. `objectKinds` is the order: what refers to another
 * comes after it.
 */
export const objectWriters: Record<Exclude<ObjectKind, 'RejectionNote'>, ObjectWriter> = {
  SEG: ofLesions(writeSegmentation),
  SR: (input, _, written) => writeReport(input, written('SEG')),
  LABELMAP: ofLesions(writeLabelMap),
  'LABELMAP-SR': (input, _, written) => {
    const labelMap = written('LABELMAP');
    return labelMap && writeReport(input, labelMap);
  },
  RTSTRUCT: ofLesions(writeStructureSet),
  REG: (input) => (input.prior?.registration.verdict === 'accepted' ? writeSpatialRegistration(input) : null),
  KOS: ofLesions(writeKeyImages),
  PDF: writeEncapsulatedPdf,
};
