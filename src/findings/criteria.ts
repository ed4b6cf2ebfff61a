import { z } from 'zod';

/** `mappings/response-criteria.yaml`: when a followed lesion counts as changed, and which lesions can be the same one. */
export const responseCriteriaSchema = z.strictObject({
  change: z.strictObject({
    grownVolumeRatio: z.number().gt(1).describe('volume now / volume before from which a lesion has grown'),
    shrunkVolumeRatio: z.number().gt(0).lt(1).describe('volume now / volume before up to which a lesion has shrunk'),
    minimumVolumeChangeMm3: z.number().min(0).describe('smaller differences are measurement noise: stable'),
  }),
  identity: z.strictObject({
    maximumGapMm: z.number().min(0).describe('largest distance between the surfaces of one lesion at two time points'),
  }),
});

export type ResponseCriteria = z.infer<typeof responseCriteriaSchema>;
