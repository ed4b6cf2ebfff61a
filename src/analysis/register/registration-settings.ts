import { z } from 'zod';

/** `mappings/registration.yaml`: how priors are registered and when a registration is believed. */
export const registrationSettingsSchema = z.strictObject({
  spacingMm: z.number().min(0.5).max(4).describe('Both images are coarsened to about this spacing first.'),
  resolutions: z.int().min(1).max(5).describe('Pyramid levels.'),
  iterations: z.int().min(10).max(2000).describe('Iterations a level.'),
  samples: z.int().min(500).max(20000).describe('Random samples an iteration.'),
  minimumSimilarity: z.number().min(1).max(2).describe('Normalised mutual information within the brain mask.'),
  minimumOverlap: z.number().min(0).max(1).describe("Fraction of the current brain inside the prior's field of view."),
  maximumRotationDegrees: z
    .number()
    .min(0)
    .max(180)
    .describe('Largest believed rotation against the initial alignment.'),
  maximumTranslationMm: z
    .number()
    .min(0)
    .describe('Largest believed shift of the brain against the initial alignment.'),
});

export type RegistrationSettings = z.infer<typeof registrationSettingsSchema>;
