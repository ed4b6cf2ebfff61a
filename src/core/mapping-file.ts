import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { describeIssues } from './config.js';
import { PrioraError } from './errors.js';

/**
 * Reads one of the YAML files in `mappings/`: facts that a hospital edits.
 *
 * @throws PrioraError CONFIG_INVALID naming the file and each invalid or unknown setting.
 */
export function loadMapping<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PrioraError('CONFIG_INVALID', `${path}: ${(cause as Error).message}`, { cause });
  }
  const checked = schema.safeParse(value ?? {});
  if (!checked.success) throw new PrioraError('CONFIG_INVALID', `${path}: ${describeIssues(checked.error)}`);
  return checked.data;
}
