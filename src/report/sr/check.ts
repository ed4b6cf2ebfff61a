import { firstItem, items, text, type Dataset } from '../../dicom/dataset.js';
import { checkDocument, isCalled } from '../check/document.js';
import { codes } from '../codes.js';

/** The rows of TID 1500 and 1411 that readers cannot do without. */
export function checkReport(dataset: Dataset, breaches: string[]): void {
  const content = checkDocument(dataset, '1500', [codes.imagingMeasurementReport], breaches);
  // OHIF reads no report without one.
  if (!content.some((item) => isCalled(item, codes.imageLibrary))) breaches.push('the image library is missing');
  for (const group of groups(content)) checkGroup(group, breaches);
}

/** Volumetric ROI measurements at any depth, by their template. */
const groups = (content: readonly Dataset[]): Dataset[] =>
  content.flatMap((item) =>
    text(firstItem(item, 'ContentTemplateSequence'), 'TemplateIdentifier') === '1411'
      ? [item]
      : groups(items(item, 'ContentSequence')),
  );

function checkGroup(group: Dataset, breaches: string[]): void {
  const rows = items(group, 'ContentSequence');
  const needed = [codes.trackingIdentifier, codes.trackingUniqueIdentifier, codes.finding, codes.referencedSegment];
  for (const concept of needed)
    if (!rows.some((row) => isCalled(row, concept))) breaches.push(`a measurement group lacks its ${concept.meaning}`);
  // Readers take a group's first UID reference for its identity.
  const firstUID = rows.find((row) => text(row, 'ValueType') === 'UIDREF');
  if (firstUID && !isCalled(firstUID, codes.trackingUniqueIdentifier))
    breaches.push('the first UID of a measurement group is not its Tracking Unique Identifier');
  if (!rows.some((row) => text(row, 'ValueType') === 'NUM')) breaches.push('a measurement group measures nothing');
}
