import { z } from 'zod';
import { caseReviewSchema } from './case-review.js';
import { lesionFateSchema, lesionIdentitySchema } from './lesion.js';
import { objectKinds } from './object-kind.js';
import { noPriorSchema, refusalSchema, remarkSchema } from './remark.js';
import { responseAssessmentSchema } from './response.js';

/** The stages in the order in which a study passes through them. */
export const stages = [
  'select',
  'match',
  'review',
  'assemble',
  'prepare',
  'register',
  'infer',
  'measure',
  'locate',
  'track',
  'respond',
  'report',
] as const;
export type Stage = (typeof stages)[number];

/** The position of a case in its patient's course. */
const timePointSchema = z
  .object({
    /** From 1, in order of acquisition. */
    order: z.number(),
    type: z.enum(['baseline', 'posttreatment']),
    /** Milliseconds since the epoch, UTC. */
    acquiredAt: z.number(),
  })
  .readonly();
export type TimePoint = z.output<typeof timePointSchema>;

/** The prior with which a case was analysed, or that was found and refused. */
const casePriorSchema = z
  .object({
    StudyInstanceUID: z.string(),
    SeriesInstanceUID: z.string(),
    verdict: z.enum(['accepted', 'refused']),
    /** Similarity of the registered images, as `register/` defines it. */
    similarity: z.number(),
    refusal: refusalSchema.nullable(),
    rotationDegrees: z.number(),
    translationMm: z.number(),
  })
  .readonly();
export type CasePrior = z.output<typeof casePriorSchema>;

/**
 * What a reported case keeps in its row, besides its lesions (JSON). Rows outlive the version that wrote them: a key
 * added later has a default, the value that held before the key existed.
 */
export const caseResultSchema = z
  .object({
    /** Whether series selection was overridden by an operator. */
    forced: z.boolean(),
    timePoint: timePointSchema,
    prior: casePriorSchema.nullable(),
    /** Why no prior was used; null if one was. */
    noPriorReason: noPriorSchema.nullable(),
    /** Rigid: template patient space → source patient space. The next time point's registration starts from it. */
    sourceFromTemplate: z.array(z.number()).length(16).readonly(),
    /** Fraction of the brain inside the field of view. */
    coverage: z.number(),
    notes: z.array(remarkSchema).readonly(),
    models: z.array(z.object({ name: z.string(), version: z.string(), sha256: z.string() }).readonly()).readonly(),
    /** Whether it was made with demonstration weights: it then stays on this machine unless a destination allows it. */
    demonstration: z.boolean(),
    provider: z.enum(['cpu', 'cuda']),
    /** Lesions of earlier time points that are not found now. */
    gone: z.array(lesionIdentitySchema.unwrap().extend(lesionFateSchema.unwrap().shape).readonly()).readonly(),
    response: responseAssessmentSchema,
    /** What readers have made of the networks' findings; null if nobody has corrected them. */
    review: caseReviewSchema.nullable(),
    /** What was written for this case; an object that has not changed since the superseded case is the same object. */
    objects: z
      .array(z.object({ kind: z.enum(objectKinds), SOPInstanceUID: z.string(), path: z.string() }).readonly())
      .readonly(),
    /** PNG, relative to the data folder. */
    picture: z.string(),
    /** By stage. */
    seconds: z.record(z.string(), z.number()).readonly(),
  })
  .readonly();
export type CaseResult = z.output<typeof caseResultSchema>;
