import type { ObjectKind } from '../../model/object-kind.js';

/** Kinds of objects that have a series of their own. */
export type SeriesOfKind = Exclude<ObjectKind, 'LABELMAP-SR'>;

/** What objects say besides a report's text, in English: names of series, segments and regions. */
export const englishObjects = {
  /** Ends every series description; with the series' name at most 64 characters. */
  demonstration: 'demonstration weights, not for clinical use',
  research: 'for research use only',
  /** Series of demonstration weights: short, for the warning must fit. */
  demonstrationSeries: {
    SEG: 'Priora SEG',
    LABELMAP: 'Priora LABELMAP',
    SR: 'Priora SR',
    RTSTRUCT: 'Priora RTSTRUCT',
    REG: 'Priora REG',
    KOS: 'Priora key images',
    PDF: 'Priora PDF',
    RejectionNote: 'Priora rejection',
  } satisfies Record<SeriesOfKind, string> as Record<SeriesOfKind, string>,
  series: {
    SEG: 'Priora brain metastases SEG',
    LABELMAP: 'Priora brain metastases label map',
    SR: 'Priora brain metastases report',
    RTSTRUCT: 'Priora brain metastases contours',
    REG: 'Priora prior to current',
    KOS: 'Priora brain metastases key images',
    PDF: 'Priora tumour board sheet',
    RejectionNote: 'Priora rejection',
  } satisfies Record<SeriesOfKind, string> as Record<SeriesOfKind, string>,
  segments: 'Brain lesions, one segment each',
  structureSet: 'Brain lesions',
  beforePlanning: 'Computer-generated findings: review before use in treatment planning.',
  trackingUID: (trackingUID: string) => `tracking UID ${trackingUID}`,
  keyImages: 'Images with brain lesions found by software.',
  image: (number: number, lesions: string) => `Image ${number}: ${lesions}.`,
  superseded: 'Superseded by a newer result: the images, the prior study or the models have changed.',
};

export type ObjectsWording = typeof englishObjects;
