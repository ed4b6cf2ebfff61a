import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { PrioraError } from '../core/errors.js';
import type { DataSet } from './training-settings.js';

/** The position of a patient's visits in time. */
export interface VisitOrder {
  readonly compare: (a: string, b: string) => number;
  /** Whether it is known for a visit. */
  readonly knows: (visit: string) => boolean;
}

/**
 * The order of the visits of a public data set: by their names, with numbers compared as numbers, or by the tables
 * (CSV) among `files` if the names are random.
 *
 * @throws PrioraError USAGE_INVALID if no table has the columns that the entry of the data set names: a later visit
 *   must not pass for a prior.
 */
export function visitOrder(files: readonly string[], { name, times }: DataSet): VisitOrder {
  if (!times) return { compare: new Intl.Collator('en', { numeric: true }).compare, knows: () => true };
  const at = new Map<string, number>();
  for (const file of files.filter((path) => /\.csv$/i.test(path))) {
    const rows = parse<Record<string, string>>(readFileSync(file), { columns: true, bom: true, trim: true });
    for (const { [times.visit]: visit, [times.time]: time } of rows) {
      // Tables that went through floating point say 1234567890.0.
      if (visit && time && Number.isFinite(Number(time))) at.set(visit.replace(/\.0$/, ''), Number(time));
    }
  }
  if (at.size === 0) {
    const message = `the order of the visits of ${name} is in a table, but no CSV file there has the columns ${times.visit} and ${times.time}`;
    throw new PrioraError('USAGE_INVALID', message);
  }
  return { compare: (a, b) => at.get(a)! - at.get(b)!, knows: (visit) => at.has(visit) };
}
