import { z } from 'zod';

/** How an image was reconstructed; a patient's time points compare best if they are of one kind. */
const seriesKindSchema = z
  .object({
    /** Siemens' words for gradient distortion correction; `unknown` if the header does not say. */
    distortion: z.enum(['ND', 'DIS2D', 'DIS3D', 'unknown']),
    /** By the largest component of the slice normal. */
    plane: z.enum(['axial', 'coronal', 'sagittal', 'unknown']),
  })
  .readonly();
export type SeriesKind = z.output<typeof seriesKindSchema>;

/** What selection says about one series; kept with the series (JSON), shown by `priora explain`. */
export const seriesSelectionSchema = z
  .object({
    SeriesInstanceUID: z.string(),
    accepted: z.boolean(),
    /** Sum of points; 0 if refused. */
    score: z.number(),
    /** Every rule with what it found and whether it passed, in the order of the rules. */
    reasons: z.array(z.string()).readonly(),
    /** Those that refuse the series; empty if accepted. */
    failures: z.array(z.string()).readonly(),
    /** Whether it was analysed because an operator overrode the refusal. */
    forced: z.boolean(),
    /** For the series that was selected, to be preferred in the patient's next study; null for all others. */
    kind: seriesKindSchema.nullable(),
  })
  .readonly();
export type SeriesSelection = z.output<typeof seriesSelectionSchema>;
