import { items, type Dataset } from '../../dicom/dataset.js';
import { checkDocument } from '../check/document.js';
import { codes } from '../codes.js';
import { namedInstances } from '../instance-references.js';

/** A selection selects something, and its content is flat (PS3.3 A.35.4.3.1, PS3.16 TID 2010). */
export function checkKeyObjects(dataset: Dataset, breaches: string[]): void {
  const content = checkDocument(dataset, '2010', [codes.ofInterest, codes.rejectedForQualityReasons], breaches);
  if (namedInstances(dataset['ContentSequence']).size === 0) breaches.push('a key object selection selects nothing');
  if (content.some((item) => items(item, 'ContentSequence').length > 0))
    breaches.push('a key object selection has nested content');
}
