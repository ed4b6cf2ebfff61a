import type { Confidence, LesionIdentity, LesionSighting } from '../../model/lesion.js';
import type { ReportInput } from '../report-input.js';
import type { GrowthPoint } from './growth-chart.js';
import { byRelevance } from './relevance.js';
import { priorIntervalDays } from '../source-attributes.js';

/** A lesion's course, for a chart. */
export interface GrowthCurve extends LesionIdentity {
  readonly confidence: Confidence;
  /** Oldest first, at least two. */
  readonly points: readonly GrowthPoint[];
  readonly doublingTimeDays: number | null;
}

const dayMs = 86_400_000;

/**
 * The curves to draw, most relevant first, those not visualised now last. A lesion that the prior proves to be new
 * begins with a time point at which it was not visualised.
 */
export function growthCurves(input: ReportInput): GrowthCurve[] {
  const now = input.timePoint.acquiredAt;
  const weeks = ({ acquiredAt }: LesionSighting) => Math.min((acquiredAt - now) / (7 * dayMs), 0);
  const seen = (sighting: LesionSighting) => ({ weeks: weeks(sighting), volumeMm3: sighting.volumeMm3 });
  const followed = byRelevance(input.lesions).flatMap((lesion): GrowthCurve[] => {
    const { trackingID, trackingUID, confidence, volumeMm3, history, change } = lesion;
    const before: GrowthPoint[] = history.map(seen);
    const interval = priorIntervalDays(input);
    if (['new', 'equivocal', 'reappeared'].includes(change) && interval !== null)
      before.push({ weeks: -interval / 7, volumeMm3: null });
    if (before.length === 0) return [];
    return [
      {
        trackingID,
        trackingUID,
        confidence,
        points: [...before, { weeks: 0, volumeMm3 }],
        doublingTimeDays: lesion.sincePrior?.doublingTimeDays ?? null,
      },
    ];
  });
  const gone = input.gone
    .filter(({ status }) => status === 'not visualised')
    .map(({ trackingID, trackingUID, history }): GrowthCurve => ({
      trackingID,
      trackingUID,
      confidence: history[history.length - 1].confidence,
      points: [...history.map(seen), { weeks: 0, volumeMm3: null }],
      doublingTimeDays: null,
    }));
  return [...followed, ...gone];
}
