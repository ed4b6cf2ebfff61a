import type { LesionChange, TrackedLesion } from '../../findings/lesion.js';

const urgency: Readonly<Record<LesionChange, number>> = {
  new: 0,
  reappeared: 0,
  grown: 1,
  unclear: 2,
  baseline: 2,
  stable: 2,
  shrunk: 2,
};

/** Lesions in the order a tumour board wants them: confirmed before candidates, then new, grown, the others by volume. */
export const byRelevance = (lesions: readonly TrackedLesion[]): TrackedLesion[] =>
  [...lesions].sort(
    (a, b) =>
      Number(a.confidence === 'candidate') - Number(b.confidence === 'candidate') ||
      urgency[a.change] - urgency[b.change] ||
      b.volumeMm3 - a.volumeMm3 ||
      a.number - b.number,
  );
