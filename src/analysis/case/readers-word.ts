import type { Confidence, TrackedLesion } from '../../model/lesion.js';
import type { CaseResult } from '../../model/case-result.js';
import type { StandingTimePoint } from './standing-time-points.js';

/**
 * What readers have said of a patient's lesions, by tracking UID, their last word: confirmed where they stand for a lesion, a
 * candidate where they doubt it or have rejected it. It goes with the lesion to later time points, where the networks may see
 * it another way.
 */
function readersWord(earlier: readonly StandingTimePoint[]): Map<string, Confidence> {
  const word = new Map<string, Confidence>();
  for (const { reported, lesions } of earlier) {
    const { review } = reported.result as CaseResult;
    if (!review) continue;
    const confidence = new Map(lesions.map((lesion) => [lesion.trackingUID, lesion.confidence]));
    for (const { trackingUID, verdict } of review.lesions)
      if (verdict !== 'kept') word.set(trackingUID, confidence.get(trackingUID)!);
    for (const { trackingUID } of review.rejected) word.set(trackingUID, 'candidate');
  }
  return word;
}

/** Lesions with the confidence that readers have given them at earlier time points. */
export function asReadersSaid(
  lesions: readonly TrackedLesion[],
  earlier: readonly StandingTimePoint[],
): TrackedLesion[] {
  const word = readersWord(earlier);
  return lesions.map((lesion) => ({ ...lesion, confidence: word.get(lesion.trackingUID) ?? lesion.confidence }));
}
