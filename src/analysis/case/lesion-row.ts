import type { LesionChange, TrackedLesion } from '../../model/lesion.js';
import type { LesionRow } from '../../store/store.js';

/** What a lesion's row keeps beside its columns (JSON). */
export type LesionDetail = Pick<
  TrackedLesion,
  'probabilities' | 'site' | 'sincePrior' | 'sinceBaseline' | 'mergedFrom' | 'splitFrom'
>;

/** A lesion as the index keeps it. */
export function lesionRow(lesion: TrackedLesion): LesionRow {
  const { probabilities, site, sincePrior, sinceBaseline, mergedFrom, splitFrom } = lesion;
  const detail: LesionDetail = { probabilities, site, sincePrior, sinceBaseline, mergedFrom, splitFrom };
  return {
    number: lesion.number,
    trackingUID: lesion.trackingUID,
    trackingID: lesion.trackingID,
    confidence: lesion.confidence,
    volumeMm3: lesion.volumeMm3,
    longAxisMm: lesion.longAxisMm,
    shortAxisMm: lesion.shortAxisMm,
    maximum3dDiameterMm: lesion.maximum3dDiameterMm,
    axialSlices: lesion.axialSlices,
    centroidPatientMm: lesion.centroidPatientMm,
    probability: lesion.probability,
    change: lesion.change,
    detail,
  };
}

/** A lesion as people and scripts see it at one time point. */
export type ReportedLesion = Omit<LesionRow, 'change' | 'detail'> & { readonly change: LesionChange } & LesionDetail;

/** The columns and the kept detail of a row, side by side. */
export const reportedLesion = ({ change, detail, ...columns }: LesionRow): ReportedLesion => ({
  ...columns,
  change: change as LesionChange,
  ...(detail as LesionDetail),
});
