import type { LesionHistory } from '../../model/lesion.js';
import type { ReportedCaseRow, Store } from '../../store/store.js';
import type { ReportedCase, StandingTimePoint } from './case.js';

/** A reported case with its lesions. */
export const reportedCase = (store: Store, row: ReportedCaseRow): ReportedCase => ({
  row,
  result: row.result,
  lesions: store.lesions.ofCase(row.caseKey),
});

/** A patient's time points in order of acquisition. Everything that looks at lesions over time starts here. */
export function standingTimePoints(store: Store, patientKey: number): StandingTimePoint[] {
  return store.cases.standing(patientKey).map((row, index) => {
    const reported = reportedCase(store, row);
    const { review } = reported.result;
    return {
      ...reported,
      order: index + 1,
      acquiredAt: row.acquiredAt,
      corrected: review && reportedCase(store, store.cases.reported(review.correctedCaseKey)),
    };
  });
}

/** Every lesion of these time points, by tracking UID, in the order in which they were first seen. */
export function lesionHistories(
  timePoints: readonly Pick<StandingTimePoint, 'row' | 'order' | 'acquiredAt' | 'lesions'>[],
): Map<string, LesionHistory> {
  const histories = new Map<string, LesionHistory>();
  for (const { row, order, acquiredAt, lesions } of timePoints)
    for (const lesion of lesions) {
      const { trackingUID, trackingID, confidence, volumeMm3, longAxisMm, shortAxisMm, axialSlices } = lesion;
      const measures = { confidence, volumeMm3, longAxisMm, shortAxisMm, axialSlices };
      const sighting = { StudyInstanceUID: row.StudyInstanceUID, order, acquiredAt, ...measures };
      histories.set(trackingUID, {
        trackingUID,
        trackingID,
        site: lesion.site,
        history: [...(histories.get(trackingUID)?.history ?? []), sighting],
      });
    }
  return histories;
}
