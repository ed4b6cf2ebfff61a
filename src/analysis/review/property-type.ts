import { codeIn } from '../../dicom/code.js';
import type { Dataset } from '../../dicom/dataset.js';
import type { DrawnLesion } from './review.js';

/** Values of SCT and, in older objects, of SRT; each is unique across both schemes. */
const lesionTypes: ReadonlySet<string> = new Set([
  // PS3.16 CID 7159: lesion, mass, nodule, neoplasm (primary, secondary); and the words that others use for metastasis.
  ...['52988006', 'M-01100', '4147007', 'M-03000', '27925004', 'M-03010', '86049000', 'M-80003', '14799000', 'M-80006'],
  ...['108369006', 'M-8FFFF', '128462008'],
]);
/** "Tissue", which viewers write when nobody made a choice. */
const unspecificTypes: ReadonlySet<string> = new Set(['85756007', 'T-D0050']);

/** What a segment says it shows (SegmentedPropertyTypeCodeSequence). */
export function propertyOf(segment: Dataset): DrawnLesion['property'] {
  const value = codeIn(segment, 'SegmentedPropertyTypeCodeSequence')?.value;
  if (value === undefined || unspecificTypes.has(value)) return 'unspecific';
  return lesionTypes.has(value) ? 'lesion' : 'other';
}
