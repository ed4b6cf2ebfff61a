import { codeIn } from '../../dicom/code.js';
import { firstItem, items, text, type Dataset } from '../../dicom/dataset.js';
import type { Code } from '../codes.js';
import { namedInstances } from '../instance-references.js';

/**
 * What holds for every document: everything its content refers to is in its evidence (PS3.3 C.17.2, C.17.6.2), and its
 * title fits its template.
 *
 * @returns the items at the top of its content.
 */
export function checkDocument(
  dataset: Dataset,
  template: string,
  titles: readonly Code[],
  breaches: string[],
): readonly Dataset[] {
  const evidence = namedInstances(dataset['CurrentRequestedProcedureEvidenceSequence']);
  for (const instance of namedInstances(dataset['PertinentOtherEvidenceSequence'])) evidence.add(instance);
  for (const instance of namedInstances(dataset['ContentSequence']))
    if (!evidence.has(instance)) breaches.push(`${instance} is referred to, but is no evidence`);
  const stated = text(firstItem(dataset, 'ContentTemplateSequence'), 'TemplateIdentifier');
  if (stated !== template || !titles.some((title) => isCalled(dataset, title)))
    breaches.push(`the title is none of TID ${template}`);
  return items(dataset, 'ContentSequence');
}

/** Whether an item's concept name is this code. */
export const isCalled = (item: Dataset, { value, scheme }: Code): boolean => {
  const concept = codeIn(item, 'ConceptNameCodeSequence');
  return concept?.value === value && concept.scheme === scheme;
};
