import { readFile } from 'node:fs/promises';
import { parseFile } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { readReport } from './read-report.js';
import { readSegmentation } from './read-segmentation.js';
import { refusal, type Review, type ReviewedSeries } from './review.js';

const segmentations: ReadonlySet<string> = new Set([
  SOPClass.SegmentationStorage,
  SOPClass.LabelMapSegmentationStorage,
]);

/**
 * Reads a SEG or a TID 1500 report by which a reader corrects the results for a series.
 *
 * @throws PrioraError REVIEW_REFUSED if it is not a person's, or is about another study or another grid;
 *   DICOM_UNREADABLE, DICOM_MISSING_ATTRIBUTE, GEOMETRY_MISSING, GEOMETRY_MIXED, PIXELS_UNDECODABLE if it cannot be
 *   read.
 */
export async function readReview(path: string, series: ReviewedSeries): Promise<Review> {
  const bytes = await readFile(path);
  const { dataset } = parseFile(bytes, { stopAtPixelData: true });
  if (dataset['StudyInstanceUID'] !== series.StudyInstanceUID) throw refusal('it belongs to another study');
  return segmentations.has(dataset['SOPClassUID']) ? readSegmentation(bytes, series) : readReport(dataset);
}
