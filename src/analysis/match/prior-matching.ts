import { z } from 'zod';

/** `mappings/prior-matching.yaml`; `npm run schemas` generates its JSON Schema. */
export const priorMatchingSchema = z.strictObject({
  maximumAgeDays: z.number().positive().describe('An older study is not used as a prior, days.'),
  minimumIntervalHours: z
    .number()
    .min(0)
    .describe('A study closer in time than this belongs to the same examination, hours.'),
});

export type PriorMatching = z.output<typeof priorMatchingSchema>;
