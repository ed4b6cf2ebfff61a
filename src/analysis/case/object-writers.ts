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
 * @param images of the time point, for the kinds that draw.
 * @param written what has been written before it, by kind; null if nothing was.
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
 * How each kind is written; null if a case has nothing to say in it. `objectKinds` is the order: an object comes after
 * those it refers to.
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
