import { z } from 'zod';

/** Why a registration was refused. */
export const refusalSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('low similarity'), similarity: z.number(), minimum: z.number() }).readonly(),
  z.object({ kind: z.literal('small overlap'), percent: z.number(), minimumPercent: z.number() }).readonly(),
  z.object({ kind: z.literal('implausible turn'), degrees: z.number() }).readonly(),
  z.object({ kind: z.literal('implausible shift'), millimetres: z.number() }).readonly(),
]);
export type Refusal = z.output<typeof refusalSchema>;

/** A prior that was found but could not be judged. */
const unusablePrior = {
  StudyInstanceUID: z.string(),
  SeriesInstanceUID: z.string(),
  /** In English, as the error says it. */
  message: z.string(),
};

const noPriors = [
  z.object({ kind: z.literal('no earlier study') }).readonly(),
  /**
   * The patient has earlier or undated studies: on hold, rejected, or not within the limits of
   * `mappings/prior-matching.yaml`.
   */
  z.object({ kind: z.literal('no eligible earlier study'), studies: z.number() }).readonly(),
  z.object({ kind: z.literal('prior images unusable'), ...unusablePrior }).readonly(),
  /** No transform was found at all. */
  z.object({ kind: z.literal('registration failed'), ...unusablePrior }).readonly(),
  z.object({ kind: z.literal('registration refused'), refusal: refusalSchema }).readonly(),
] as const;

/** Why the networks saw no prior. */
export const noPriorSchema = z.discriminatedUnion('kind', noPriors);
export type NoPrior = z.output<typeof noPriorSchema>;

/**
 * Something about the images or the comparison that a reader has to know; `report/wording/` puts it into the reader's
 * language.
 */
export const remarkSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('frames left out'), frames: z.number() }).readonly(),
  z.object({ kind: z.literal('padding'), voxels: z.number() }).readonly(),
  z.object({ kind: z.literal('lossy compression') }).readonly(),
  z.object({ kind: z.literal('brain cut off'), examinedPercent: z.number() }).readonly(),
  /** The prior's lesions are those that a reader has corrected. */
  z.object({ kind: z.literal('prior reviewed') }).readonly(),
  ...noPriors,
]);
export type Remark = z.output<typeof remarkSchema>;
