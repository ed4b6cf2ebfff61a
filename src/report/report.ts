/** The result objects of a time point, as the pipeline uses them. */
export { writeSegmentation } from './segmentation/write-segmentation.js';
export { writeLabelMap } from './segmentation/write-label-map.js';
export { writeReport } from './structured-report/write-report.js';
export { writeEncapsulatedPdf } from './pdf/write-encapsulated-pdf.js';
export { writeStructureSet } from './structure-set/write-structure-set.js';
export { writeSpatialRegistration } from './spatial-registration/write-spatial-registration.js';
export { writeKeyImages } from './key-object/write-key-images.js';
export { writeRejectionNote, type RejectionInput } from './key-object/write-rejection-note.js';
export type * from './types.js';
