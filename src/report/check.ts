import { PrioraError } from '../core/errors.js';
import type { Dataset } from '../dicom/dataset.js';
import { SOPClass } from '../dicom/uid.js';
import { checkDocument } from './check/document.js';
import { checkEncapsulatedPdf } from './check/encapsulated-pdf.js';
import { checkRequired } from './check/required-attributes.js';
import { checkSegmentation } from './check/segmentation.js';
import { checkSpatialRegistration } from './check/spatial-registration.js';
import { checkStructureSet } from './check/structure-set.js';
import { checkItem } from './check/values.js';

/** What must hold within each kind of object, beyond its attributes. */
const ofClass: Record<string, (dataset: Dataset, breaches: string[]) => void> = {
  [SOPClass.SegmentationStorage]: checkSegmentation,
  [SOPClass.LabelMapSegmentationStorage]: checkSegmentation,
  [SOPClass.Comprehensive3DSRStorage]: checkDocument,
  [SOPClass.KeyObjectSelectionDocumentStorage]: checkDocument,
  [SOPClass.RTStructureSetStorage]: checkStructureSet,
  [SOPClass.EncapsulatedPDFStorage]: checkEncapsulatedPdf,
  [SOPClass.SpatialRegistrationStorage]: checkSpatialRegistration,
};

/**
 * The last look at an object before it leaves: required attributes, the form and length of every value, complete codes
 * and content items, and that its parts agree. All breaches are named at once, by attribute and number, never by value.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT
 */
export function checkOutput(dataset: Dataset): void {
  const breaches: string[] = [];
  checkRequired(dataset, breaches);
  checkItem(dataset, '', breaches);
  ofClass[dataset['SOPClassUID'] as string]?.(dataset, breaches);
  if (breaches.length > 0)
    throw new PrioraError('DICOM_INVALID_OUTPUT', breaches.slice(0, 10).join('; '), {
      subject: { SOPInstanceUID: String(dataset['SOPInstanceUID']) },
    });
}
