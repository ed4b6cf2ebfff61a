import { PrioraError } from '../../core/errors.js';
import { instanceOf, text, type Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { checkEncapsulatedPdf } from '../pdf/check.js';
import { checkRequired } from './required-attributes.js';
import { checkSegmentation } from '../seg/check.js';
import { checkSpatialRegistration } from '../reg/check.js';
import { checkStructureSet } from '../rtstruct/check.js';
import { checkItem } from './values.js';
import { checkKeyObjects } from '../kos/check.js';
import { checkReport } from '../sr/check.js';

/** What must hold within each kind of object, beyond its attributes. */
const ofClass: Record<string, ((dataset: Dataset, breaches: string[]) => void) | undefined> = {
  [SOPClass.SegmentationStorage]: checkSegmentation,
  [SOPClass.LabelMapSegmentationStorage]: checkSegmentation,
  [SOPClass.Comprehensive3DSRStorage]: checkReport,
  [SOPClass.KeyObjectSelectionDocumentStorage]: checkKeyObjects,
  [SOPClass.RTStructureSetStorage]: checkStructureSet,
  [SOPClass.EncapsulatedPDFStorage]: checkEncapsulatedPdf,
  [SOPClass.SpatialRegistrationStorage]: checkSpatialRegistration,
};

/**
 * The last check of an object before it leaves: required attributes, the form and length of every value, complete codes
 * and content items, and that its parts agree. All violations are named at once, by attribute and number, never by
 * value.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT
 */
export function checkOutput(dataset: Dataset): void {
  const breaches: string[] = [];
  checkRequired(dataset, breaches);
  checkItem(dataset, '', breaches);
  ofClass[text(dataset, 'SOPClassUID') ?? '']?.(dataset, breaches);
  if (breaches.length > 0)
    throw new PrioraError('DICOM_INVALID_OUTPUT', breaches.slice(0, 10).join('; '), { subject: instanceOf(dataset) });
}
