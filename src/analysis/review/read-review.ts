import { readFile } from 'node:fs/promises';
import { text } from '../../dicom/dataset.js';
import { parseFile } from '../../dicom/dicom-file.js';
import { SOPClass } from '../../dicom/uid.js';
import { readReport } from './read-report.js';
import { readDrawnLesions } from './read-segmentation.js';
import { refusal, type Review, type ReviewedSeries } from './review.js';

const segmentations: ReadonlySet<string | undefined> = new Set([
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
  if (text(dataset, 'StudyInstanceUID') !== series.StudyInstanceUID) throw refusal('it belongs to another study');
  return segmentations.has(text(dataset, 'SOPClassUID')) ? readDrawnLesions(bytes, series) : readReport(dataset);
}
