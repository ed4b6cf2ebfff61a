/** The result objects of a time point, as the pipeline uses them. */
export { writeSegmentation } from './segmentation/write-segmentation.js';
export { writeReport } from './structured-report/write-report.js';
export { writeEncapsulatedPdf } from './pdf/write-encapsulated-pdf.js';
export { writeRejectionNote, type RejectionInput } from './key-object/write-rejection-note.js';
export type * from './types.js';
