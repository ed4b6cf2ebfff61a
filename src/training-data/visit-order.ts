import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { PrioraError } from '../core/errors.js';
import type { DataSet } from './training-settings.js';

/** Where a patient's visits stand in time. */
export interface VisitOrder {
  readonly compare: (a: string, b: string) => number;
  /** Whether it is known of a visit. */
  readonly knows: (visit: string) => boolean;
}

/**
 * The order of a public data set's visits: of their names, numbers in them as numbers, or of the tables (CSV) among `files` where
 * the names are drawn by lot.
 *
 * @throws PrioraError USAGE_INVALID when no table has the columns that the data set's entry names: a later visit must not pass for a prior.
 */
export function visitOrder(files: readonly string[], { name, times }: DataSet): VisitOrder {
  if (!times) return { compare: new Intl.Collator('en', { numeric: true }).compare, knows: () => true };
  const at = new Map<string, number>();
  for (const file of files.filter((path) => /\.csv$/i.test(path))) {
    const rows = parse<Record<string, string>>(readFileSync(file), { columns: true, bom: true, trim: true });
    for (const { [times.visit]: visit, [times.time]: time } of rows) {
      // Tables written by way of floating point say 1234567890.0.
      if (visit && time && Number.isFinite(Number(time))) at.set(visit.replace(/\.0$/, ''), Number(time));
    }
  }
  if (at.size === 0) {
    const message = `the order of the visits of ${name} stands in a table, and no CSV file there has the columns ${times.visit} and ${times.time}`;
    throw new PrioraError('USAGE_INVALID', message);
  }
  return { compare: (a, b) => at.get(a)! - at.get(b)!, knows: (visit) => at.has(visit) };
}
