import type { LesionChange, TrackedLesion } from '../../model/lesion.js';

/** Changes in the order in which they matter to a tumour board. */
export const changesByUrgency = [
  'new',
  'equivocal',
  'reappeared',
  'grown',
  'unclear',
  'baseline',
  'stable',
  'shrunk',
] as const;

/** The first four deserve a look before larger lesions. */
const urgency = (change: LesionChange): number => Math.min(changesByUrgency.indexOf(change), 4);

/**
 * Lesions in the order a tumour board needs them: confirmed before candidates, then new, grown, and the others by
 * volume.
 */
export const byRelevance = (lesions: readonly TrackedLesion[]): TrackedLesion[] =>
  [...lesions].sort(
    (a, b) =>
      Number(a.confidence === 'candidate') - Number(b.confidence === 'candidate') ||
      urgency(a.change) - urgency(b.change) ||
      b.volumeMm3 - a.volumeMm3 ||
      a.number - b.number,
  );
