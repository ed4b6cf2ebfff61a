import { z } from 'zod';

/** `mappings/prior-matching.yaml`; `npm run schemas` generates the JSON Schema beside it. */
export const priorMatchingSchema = z.strictObject({
  maximumAgeDays: z.number().positive().describe('A study that lies further back is no prior, days.'),
  minimumIntervalHours: z.number().min(0).describe('A study closer than this is part of the same examination, hours.'),
});

export type PriorMatching = z.output<typeof priorMatchingSchema>;
