import type { z } from 'zod';
import { PrioraError } from '../core/errors.js';

/**
 * Reads JSON that an earlier version of Priora may have written.
 *
 * @param where names it for an operator, e.g. `cases.result`.
 * @throws PrioraError DATABASE_DAMAGED naming what is missing or wrong.
 */
export function parseJson<Schema extends z.ZodType>(schema: Schema, text: string, where: string): z.output<Schema> {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new PrioraError('DATABASE_DAMAGED', `${where}: ${path.join('.')}: ${message}`, { cause: parsed.error });
}
