import type { LesionHistory } from '../../model/lesion.js';
import type { LesionDetail } from './lesion-row.js';
import type { StandingTimePoint } from './standing-time-points.js';

/** Every lesion of these time points, by tracking UID, in the order of first sight. */
export function lesionHistories(timePoints: readonly StandingTimePoint[]): Map<string, LesionHistory> {
  const histories = new Map<string, LesionHistory>();
  for (const { reported, order, acquiredAt, lesions } of timePoints)
    for (const lesion of lesions) {
      const { trackingUID, trackingID, confidence, volumeMm3, longAxisMm, shortAxisMm, axialSlices } = lesion;
      const { StudyInstanceUID } = reported;
      const measures = { confidence, volumeMm3, longAxisMm, shortAxisMm, axialSlices };
      const sighting = { StudyInstanceUID, order, acquiredAt, ...measures };
      histories.set(trackingUID, {
        trackingUID,
        trackingID,
        site: (lesion.detail as LesionDetail | null)?.site ?? null,
        history: [...(histories.get(trackingUID)?.history ?? []), sighting],
      });
    }
  return histories;
}
