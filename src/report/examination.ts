import { DateTime } from 'luxon';
import { acquiredAt } from './source-attributes.js';
import type { ReportInput } from './types.js';

/** `YYYYMMDD` → a date without a zone; null for anything else. */
export function calendarDate(date: string): DateTime | null {
  const parsed = DateTime.fromFormat(date, 'yyyyMMdd', { zone: 'utc' });
  return parsed.isValid ? parsed : null;
}

/** Days between the prior and the current examination by their dates; null without a prior, or its date. */
export function priorIntervalDays({ source, prior }: Pick<ReportInput, 'source' | 'prior'>): number | null {
  const now = calendarDate(acquiredAt(source.header).date);
  const before = prior && calendarDate(prior.acquiredDate);
  return now && before ? Math.round(now.diff(before, 'days').days) : null;
}
