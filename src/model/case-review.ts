import type { LesionIdentity } from './lesion.js';

/**
 * What a person made of a lesion.
 *
 * - `kept`: left as it was;
 * - `accepted`: a candidate, or a mask, that a person stands for;
 * - `doubted`: a confirmed lesion that a person calls a candidate;
 * - `edited`: its voxels were changed;
 * - `added`: drawn by a person where we had none.
 */
export type ReviewVerdict = 'kept' | 'accepted' | 'doubted' | 'edited' | 'added';

/** What a reader has measured on a lesion, where that is not what we measured. */
export type ReadersMeasurements = Partial<Record<'volumeMm3' | 'longAxisMm' | 'shortAxisMm', number>>;

/** What people have made of a time point; kept with the case that follows from it. */
export interface CaseReview {
  /** SOPInstanceUIDs of the readers' objects, oldest first. */
  readonly objects: readonly string[];
  /** In the order of the case's lesion numbers. */
  readonly lesions: readonly (LesionIdentity & {
    readonly verdict: ReviewVerdict;
    readonly theirs: ReadersMeasurements;
  })[];
  /** Lesions of ours that do not stand. */
  readonly rejected: readonly LesionIdentity[];
  /** The case that they corrected: what the networks found. */
  readonly correctedCaseKey: number;
}
