import { join } from 'node:path';
import { z } from 'zod';
import { loadMapping } from '../core/mapping-file.js';

/** `mappings/response-criteria.yaml`: when a followed lesion counts as changed, and which lesions can be the same one. */
export const responseCriteriaSchema = z.strictObject({
  change: z.strictObject({
    grownVolumeRatio: z.number().gt(1).describe('volume now / volume before from which a lesion has grown'),
    shrunkVolumeRatio: z.number().gt(0).lt(1).describe('volume now / volume before up to which a lesion has shrunk'),
    minimumVolumeChangeMm3: z.number().min(0).describe('smaller differences are measurement noise: stable'),
  }),
  response: z.strictObject({
    measurable: z
      .strictObject({
        minimumLongAxisMm: z.number().gt(0),
        minimumShortAxisMm: z.number().min(0),
        minimumAxialSlices: z.number().int().min(1),
      })
      .describe('what a lesion needs at the baseline to be a target'),
    maximumTargets: z.number().int().min(1),
    tooSmallToMeasureMm: z.number().min(0).describe('what a lesion that is seen counts at least'),
    partialResponsePercent: z.number().gt(0).lt(100).describe('fall of the sum since the baseline'),
    progression: z
      .strictObject({ percent: z.number().gt(0), oneLesionMm: z.number().min(0) })
      .describe('rise of the sum since the nadir, and of at least one target'),
    nonTargetProgression: z
      .strictObject({ growthMm: z.number().gt(0), lengthMm: z.number().min(0) })
      .describe('growth of one non-target since its smallest, and the length it has reached'),
    confirmationDays: z.number().int().min(0).describe('how long CR and PR have to last to be confirmed'),
  }),
  identity: z.strictObject({
    maximumGapMm: z.number().min(0).describe('largest distance between the surfaces of one lesion at two time points'),
    familyShare: z
      .number()
      .gt(0)
      .max(1)
      .describe('share of a lesion that must lie in another one for both to have merged or split'),
  }),
  newLesion: z.strictObject({
    emptyBelowProbability: z
      .number()
      .gt(0)
      .max(1)
      .describe('the prior was empty where both networks stayed below this probability'),
    minimumCoveredShare: z
      .number()
      .gt(0)
      .max(1)
      .describe('share of a lesion that the prior must have examined to cover its site'),
  }),
});

export type ResponseCriteria = z.infer<typeof responseCriteriaSchema>;

let shipped: ResponseCriteria | undefined;

/** The criteria that ship with Priora: what phantoms mean by grown and shrunk. */
export const shippedCriteria = (): ResponseCriteria =>
  (shipped ??= loadMapping(join(import.meta.dirname, '../../mappings/response-criteria.yaml'), responseCriteriaSchema));
