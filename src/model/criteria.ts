import { join } from 'node:path';
import { z } from 'zod';
import { loadMapping } from '../core/mapping-file.js';

/** `mappings/response-criteria.yaml`: when a lesion counts as changed, and which findings can be the same lesion. */
export const responseCriteriaSchema = z.strictObject({
  change: z.strictObject({
    grownVolumeRatio: z.number().gt(1).describe('current volume / earlier volume from which a lesion has grown'),
    shrunkVolumeRatio: z
      .number()
      .gt(0)
      .lt(1)
      .describe('current volume / earlier volume up to which a lesion has shrunk'),
    minimumVolumeChangeMm3: z
      .number()
      .min(0)
      .describe('smaller differences are measurement noise: the lesion is stable'),
    minimumVolumeMm3: z
      .number()
      .min(0)
      .describe('the measuring floor: from smaller volumes no percentage, no doubling time and no change is measured'),
  }),
  response: z.strictObject({
    measurable: z
      .strictObject({
        minimumLongAxisMm: z.number().gt(0),
        minimumShortAxisMm: z.number().min(0),
        minimumAxialSlices: z.number().int().min(1),
      })
      .describe('what a lesion needs at baseline to be a target'),
    unequivocalNewLesion: z
      .strictObject({ minimumLongAxisMm: z.number().min(0), minimumAxialSlices: z.number().int().min(1) })
      .describe('what a new lesion needs at some time point to be progression; below it is equivocal'),
    maximumTargets: z.number().int().min(1),
    tooSmallToMeasureMm: z.number().min(0).describe('least length that a visualised lesion counts in a sum'),
    partialResponsePercent: z.number().gt(0).lt(100).describe('decrease of the sum since baseline'),
    progression: z
      .strictObject({ percent: z.number().gt(0), oneLesionMm: z.number().min(0) })
      .describe('increase of the sum since nadir, and of at least one target'),
    nonTargetProgression: z
      .strictObject({ growthMm: z.number().gt(0), lengthMm: z.number().min(0) })
      .describe('growth of one non-target since its smallest length, and the length it has reached'),
    confirmationDays: z.number().int().min(0).describe('how long CR and PR have to last to be confirmed'),
  }),
  identity: z.strictObject({
    maximumGapMm: z.number().min(0).describe('largest distance between the surfaces of one lesion at two time points'),
    familyShare: z
      .number()
      .gt(0)
      .max(1)
      .describe('share of a lesion that must lie inside another for the two to have merged or split'),
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
      .describe('share of a lesion that the prior must have examined to cover its location'),
  }),
});

export type ResponseCriteria = z.infer<typeof responseCriteriaSchema>;

/** Whether a lesion is large enough to be called new without waiting for a later study to confirm it (Lin 2015). */
export const isUnequivocal = (
  { longAxisMm, axialSlices }: { readonly longAxisMm: number; readonly axialSlices: number },
  { unequivocalNewLesion: { minimumLongAxisMm, minimumAxialSlices } }: ResponseCriteria['response'],
): boolean => longAxisMm >= minimumLongAxisMm && axialSlices >= minimumAxialSlices;

let shipped: ResponseCriteria | undefined;

/** The shipped criteria, which define grown and shrunk for phantoms. */
export const shippedCriteria = (): ResponseCriteria =>
  (shipped ??= loadMapping(join(import.meta.dirname, '../../mappings/response-criteria.yaml'), responseCriteriaSchema));
