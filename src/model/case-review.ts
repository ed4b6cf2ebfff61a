import { z } from 'zod';
import { lesionIdentitySchema } from './lesion.js';

/**
 * What a reader made of a lesion.
 *
 * - `kept`: left as it was;
 * - `accepted`: a candidate, or a mask, that a reader has confirmed;
 * - `doubted`: a confirmed lesion that a reader calls a candidate;
 * - `edited`: its voxels were changed;
 * - `added`: drawn by a reader where we had none.
 */
const reviewVerdictSchema = z.enum(['kept', 'accepted', 'doubted', 'edited', 'added']);
export type ReviewVerdict = z.output<typeof reviewVerdictSchema>;

/** What a reader has measured on a lesion, if it differs from what we measured. */
const readersMeasurementsSchema = z
  .object({
    volumeMm3: z.number().exactOptional(),
    longAxisMm: z.number().exactOptional(),
    shortAxisMm: z.number().exactOptional(),
  })
  .readonly();
export type ReadersMeasurements = z.output<typeof readersMeasurementsSchema>;

/** What readers have made of a time point; kept with the case that follows from it. */
export const caseReviewSchema = z
  .object({
    /** SOPInstanceUIDs of the readers' objects, oldest first. */
    objects: z.array(z.string()).readonly(),
    /** In the order of the lesion numbers of the case. */
    lesions: z
      .array(
        lesionIdentitySchema
          .unwrap()
          .extend({ verdict: reviewVerdictSchema, theirs: readersMeasurementsSchema })
          .readonly(),
      )
      .readonly(),
    /** Lesions of ours that do not stand. */
    rejected: z.array(lesionIdentitySchema).readonly(),
    /** The case that they corrected: what the networks found. */
    correctedCaseKey: z.number(),
  })
  .readonly();
export type CaseReview = z.output<typeof caseReviewSchema>;
