import { z } from 'zod';

/** How an image was reconstructed; a patient's time points compare best within one kind. */
const seriesKindSchema = z
  .object({
    /** Siemens' words for gradient distortion correction; `unknown` where the header is silent. */
    distortion: z.enum(['ND', 'DIS2D', 'DIS3D', 'unknown']),
    /** By the largest component of the slice normal. */
    plane: z.enum(['axial', 'coronal', 'sagittal', 'unknown']),
  })
  .readonly();
export type SeriesKind = z.output<typeof seriesKindSchema>;

/** What selection says of one series; kept with the series (JSON), shown by `priora explain`. */
export const seriesSelectionSchema = z
  .object({
    SeriesInstanceUID: z.string(),
    accepted: z.boolean(),
    /** Sum of points; 0 when refused. */
    score: z.number(),
    /** Every rule with what was seen and whether it passed, in the order of the rules. */
    reasons: z.array(z.string()).readonly(),
    /** Of those, the ones that refuse the series; empty when accepted. */
    failures: z.array(z.string()).readonly(),
    /** It was analysed all the same, because a person overrode the refusal. */
    forced: z.boolean(),
    /** Of the series that was selected, to be preferred in the patient's next study; null of all others. */
    kind: seriesKindSchema.nullable(),
  })
  .readonly();
export type SeriesSelection = z.output<typeof seriesSelectionSchema>;
