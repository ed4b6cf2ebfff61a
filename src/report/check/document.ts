import type { Dataset } from '../../dicom/dataset.js';
import { codes, type Code } from '../codes.js';
import { namedInstances } from './references.js';

/** Title and template of the documents we write, by SOP class. */
const titles: Record<string, readonly Code[]> = {
  '1500': [codes.imagingMeasurementReport],
  '2010': [codes.ofInterest, codes.rejectedForQualityReasons],
};

/**
 * What holds for every document: what its content refers to is in its evidence (PS3.3 C.17.2, C.17.6.2), its title fits its
 * template. Then the rows of TID 1411 and 2010 that readers cannot do without.
 */
export function checkDocument(dataset: Dataset, breaches: string[]): void {
  const evidence = namedInstances(dataset['CurrentRequestedProcedureEvidenceSequence']);
  for (const instance of namedInstances(dataset['PertinentOtherEvidenceSequence'])) evidence.add(instance);
  const named = namedInstances(dataset['ContentSequence']);
  for (const instance of named)
    if (!evidence.has(instance)) breaches.push(`${instance} is referred to, but is no evidence`);
  const template = String(dataset['ContentTemplateSequence']?.[0]?.['TemplateIdentifier']);
  if (!titles[template]?.some((title) => isCalled(dataset, title)))
    breaches.push(`the title is none of TID ${template}`);
  const content = (dataset['ContentSequence'] ?? []) as Dataset[];
  if (template === '2010') {
    if (named.size === 0) breaches.push('a key object selection selects nothing');
    if (content.some((item) => item['ContentSequence'])) breaches.push('a key object selection has nested content');
  }
  if (template === '1500') {
    // OHIF reads no report without one.
    if (!content.some((item) => isCalled(item, codes.imageLibrary))) breaches.push('the image library is missing');
    for (const group of groups(content)) checkGroup(group, breaches);
  }
}

/** Volumetric ROI measurements at any depth, by their template. */
const groups = (content: readonly Dataset[]): Dataset[] =>
  content.flatMap((item) =>
    item['ContentTemplateSequence']?.[0]?.['TemplateIdentifier'] === '1411'
      ? [item]
      : groups((item['ContentSequence'] ?? []) as Dataset[]),
  );

function checkGroup(group: Dataset, breaches: string[]): void {
  const rows = (group['ContentSequence'] ?? []) as Dataset[];
  const needed = [codes.trackingIdentifier, codes.trackingUniqueIdentifier, codes.finding, codes.referencedSegment];
  for (const concept of needed)
    if (!rows.some((row) => isCalled(row, concept))) breaches.push(`a measurement group lacks its ${concept.meaning}`);
  // Readers take a group's first UID reference for its identity.
  const firstUID = rows.find(({ ValueType }) => ValueType === 'UIDREF');
  if (firstUID && !isCalled(firstUID, codes.trackingUniqueIdentifier))
    breaches.push('the first UID of a measurement group is not its Tracking Unique Identifier');
  if (!rows.some(({ ValueType }) => ValueType === 'NUM')) breaches.push('a measurement group measures nothing');
}

const isCalled = (item: Dataset, { value, scheme }: Code): boolean => {
  const concept = item['ConceptNameCodeSequence']?.[0] as Dataset | undefined;
  return concept?.['CodeValue'] === value && concept['CodingSchemeDesignator'] === scheme;
};
