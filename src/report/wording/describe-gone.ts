import type { GoneLesion } from '../../model/lesion.js';
import type { Wording } from './english.js';

const dayMs = 86_400_000;

/**
 * What became of a lesion that is not found now, and how it was when it was last seen.
 *
 * @param now the current acquisition, ms since the epoch, UTC.
 */
export function describeGone({ status, mergedInto, history }: GoneLesion, now: number, wording: Wording): string {
  const last = history.at(-1)!;
  const daysAgo = Math.round((now - last.acquiredAt) / dayMs);
  const fate = {
    'no longer seen': wording.gone,
    merged: wording.mergedInto(mergedInto?.trackingID ?? ''),
    'not covered': wording.notCovered,
  }[status];
  return `${fate} ${wording.lastSeen(last.order, daysAgo, last.volumeMm3, last.longAxisMm)}`;
}
