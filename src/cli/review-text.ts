import type { CaseReview } from '../model/case-review.js';

const units = { volumeMm3: 'mm³', longAxisMm: 'mm long', shortAxisMm: 'mm short' };

/** What readers have made of a time point, one line a lesion that they did not leave as it was. */
export function reviewLines({ lesions, rejected }: CaseReview): string[] {
  const changed = lesions.flatMap(({ trackingID, verdict, theirs }) => {
    const measured = Object.entries(theirs).map(
      ([name, value]) => `measured by the reader: ${value} ${units[name as keyof typeof units]}`,
    );
    return verdict === 'kept' && measured.length === 0 ? [] : [`${trackingID} ${[verdict, ...measured].join(', ')}`];
  });
  return [...changed, ...rejected.map(({ trackingID }) => `${trackingID} rejected`)].map((line) => `  ${line}`);
}
