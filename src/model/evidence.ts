import { z } from 'zod';

/** How the slices of a series lie along their common normal; null if a header gives no position. */
const sliceLayoutSchema = z
  .object({
    /** Distinct orientations; any number but 1 is not a stack. */
    orientations: z.number(),
    /** Distinct positions. */
    positions: z.number(),
    /** Median step between neighbours, mm. */
    spacingMm: z.number(),
    /** Steps that differ from the median by more than the tolerance. */
    gaps: z.number(),
    /** Distance from the first to the last position plus one step, mm. */
    coverageMm: z.number(),
  })
  .readonly();
export type SliceLayout = z.output<typeof sliceLayoutSchema>;

/** What is known about whether a series has fully arrived. */
const seriesEvidenceSchema = z
  .object({
    instances: z.number(),
    /** Image frames: instances, or the frames of multi-frame ones. */
    frames: z.number(),
    multiFrame: z.boolean(),
    /** NumberOfSeriesRelatedInstances, else ImagesInAcquisition, the largest value seen; null if no header says. */
    expectedInstances: z.number().nullable(),
    /** How many InstanceNumbers between the lowest and the highest are missing; null if images repeat or lack them. */
    numbersMissing: z.number().nullable(),
    layout: sliceLayoutSchema.nullable(),
    lastInstanceAt: z.number(),
    associationReleasedAt: z.number().nullable(),
  })
  .readonly();
export type SeriesEvidence = z.output<typeof seriesEvidenceSchema>;

/** Whether a series is complete; kept with the series (JSON), shown by `priora explain`. */
export const completenessVerdictSchema = z
  .object({
    complete: z.boolean(),
    /** `evidence`: released, counts or geometry agree · `timer`: silence alone · `waiting`: not yet. */
    by: z.enum(['evidence', 'timer', 'waiting']),
    /** Plain sentences, one per check, for `priora explain`. */
    findings: z.array(z.string()).readonly(),
    /** When to look again, ms since the epoch; null if complete. */
    nextLookAt: z.number().nullable(),
    evidence: seriesEvidenceSchema,
    judgedAt: z.number(),
  })
  .readonly();
export type CompletenessVerdict = z.output<typeof completenessVerdictSchema>;
