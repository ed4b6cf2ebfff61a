import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { describeIssues } from '../core/config.js';
import { PrioraError } from '../core/errors.js';

/** `mappings/prior-matching.yaml`; `npm run schemas` generates the JSON Schema beside it. */
export const priorMatchingSchema = z.strictObject({
  maximumAgeDays: z.number().positive().describe('A study that lies further back is no prior, days.'),
  minimumIntervalHours: z.number().min(0).describe('A study closer than this is part of the same examination, hours.'),
});

export type PriorMatching = z.output<typeof priorMatchingSchema>;

/** @throws PrioraError CONFIG_INVALID naming the file and each wrong setting. */
export function loadPriorMatching(mappingsDir: string): PriorMatching {
  const path = join(mappingsDir, 'prior-matching.yaml');
  let values: unknown;
  try {
    values = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PrioraError('CONFIG_INVALID', `${path}: ${(cause as Error).message}`, { cause });
  }
  const parsed = priorMatchingSchema.safeParse(values);
  if (!parsed.success) throw new PrioraError('CONFIG_INVALID', `${path}: ${describeIssues(parsed.error)}`);
  return parsed.data;
}
