import { z } from 'zod';

/** `mappings/registration.yaml`: how priors are registered and when a registration is accepted. */
export const registrationSettingsSchema = z.strictObject({
  spacingMm: z.number().min(0.5).max(4).describe('Both images are first downsampled to about this spacing.'),
  resolutions: z.int().min(1).max(5).describe('Pyramid levels.'),
  iterations: z.int().min(10).max(2000).describe('Iterations per level.'),
  samples: z.int().min(500).max(20000).describe('Random samples per iteration.'),
  minimumSimilarity: z.number().min(1).max(2).describe('Least normalised mutual information within the brain mask.'),
  minimumOverlap: z
    .number()
    .min(0)
    .max(1)
    .describe("Least fraction of the current brain inside the prior's field of view."),
  maximumRotationDegrees: z
    .number()
    .min(0)
    .max(180)
    .describe('Largest rotation accepted against the initial alignment.'),
  maximumTranslationMm: z
    .number()
    .min(0)
    .describe('Largest shift of the brain accepted against the initial alignment.'),
});

export type RegistrationSettings = z.infer<typeof registrationSettingsSchema>;
