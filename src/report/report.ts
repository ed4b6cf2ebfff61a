/** The result objects of a time point, as the pipeline uses them. */
export { writeSegmentation } from './seg/write-segmentation.js';
export { writeLabelMap } from './seg/write-label-map.js';
export { writeReport } from './sr/write-report.js';
export { writeEncapsulatedPdf } from './pdf/write-encapsulated-pdf.js';
export { writeStructureSet } from './rtstruct/write-structure-set.js';
export { writeSpatialRegistration } from './reg/write-spatial-registration.js';
export { writeKeyImages } from './kos/write-key-images.js';
export { writeRejectionNote, type RejectionInput } from './kos/write-rejection-note.js';
export type * from './types.js';
