import { DateTime, FixedOffsetZone } from 'luxon';
import { text, type Dataset } from './dataset.js';

/** Data element that a time of acquisition was read from. */
export type TimeSource = 'AcquisitionDateTime' | 'AcquisitionDate' | 'SeriesDate' | 'StudyDate';

/** When a patient was scanned. */
export interface AcquisitionTime {
  /** Milliseconds since the epoch, UTC. */
  readonly at: number;
  readonly source: TimeSource;
  /** The same as the data set has it, `YYYYMMDD` and `HHMM[SS[.FFFFFF]]`: results carry this time. */
  readonly date: string;
  readonly time: string;
}

const keywords = [
  'AcquisitionDateTime',
  'AcquisitionDate',
  'AcquisitionTime',
  'SeriesDate',
  'SeriesTime',
  'StudyDate',
  'StudyTime',
  'TimezoneOffsetFromUTC',
] as const;

/** The attributes that say when an image was acquired; `''` where they are absent. */
export type TimeAttributes = Readonly<Record<(typeof keywords)[number], string>>;

/** The time attributes of a data set. */
export const timeAttributes = (dataset: Dataset): TimeAttributes =>
  Object.fromEntries(keywords.map((keyword) => [keyword, text(dataset, keyword) ?? ''])) as TimeAttributes;

/** `+0100` (PS3.5 6.2, DT suffix; PS3.3 C.12.1.1.8) → minutes; undefined if it is not an offset. */
function offsetMinutes(text: string): number | undefined {
  const match = /^([+-])(\d\d)(\d\d)$/.exec(text.trim());
  if (!match) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return minutes > 14 * 60 ? undefined : match[1] === '-' ? -minutes : minutes;
}

/** The zone that TimezoneOffsetFromUTC gives, else `zone`. */
export function zoneOf(TimezoneOffsetFromUTC: string, zone: string): string | FixedOffsetZone {
  const offset = offsetMinutes(TimezoneOffsetFromUTC);
  return offset === undefined ? zone : FixedOffsetZone.instance(offset);
}

/** A date (`YYYYMMDD`, or the dotted form of ACR-NEMA) and a time (`HHMMSS.FFFFFF`, or less) in a zone. */
function instant(date: string, time: string, zone: string | FixedOffsetZone): number | undefined {
  const day = /^(\d{4})\.?(\d\d)\.?(\d\d)$/.exec(date.trim());
  const clock = /^(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,6}))?)?)?$/.exec(time.trim());
  if (!day || !clock) return undefined;
  const parsed = DateTime.fromObject(
    {
      year: Number(day[1]),
      month: Number(day[2]),
      day: Number(day[3]),
      hour: Number(clock[1]),
      minute: Number(clock[2] ?? 0),
      // PS3.5: 60 is a leap second.
      second: Math.min(Number(clock[3] ?? 0), 59),
      millisecond: Math.floor(Number(`0.${clock[4] ?? 0}`) * 1000),
    },
    { zone },
  );
  // Placeholders such as 19000101 are not acquisition dates.
  return parsed.isValid && parsed.year > 1970 ? parsed.toMillis() : undefined;
}

/**
 * When the patient was scanned: AcquisitionDateTime, else Acquisition, Series or Study date and time. A date without a
 * time counts (as midnight) only if no pair is complete. The index orders time points and reports are dated by this one
 * answer.
 *
 * @param zone IANA zone or `local`, for values that carry no offset and have no TimezoneOffsetFromUTC.
 * @returns undefined if nothing usable is there: the study then waits for an operator.
 */
export function acquisitionTime(header: TimeAttributes, zone: string): AcquisitionTime | undefined {
  const assumed = zoneOf(header.TimezoneOffsetFromUTC, zone);
  const [dateTime, offset] = splitOffset(header.AcquisitionDateTime.trim());
  const own = offset === undefined ? assumed : FixedOffsetZone.instance(offset);
  const pairs = [
    ['AcquisitionDateTime', dateTime.slice(0, 8), dateTime.slice(8), own],
    ['AcquisitionDate', header.AcquisitionDate, header.AcquisitionTime, assumed],
    ['SeriesDate', header.SeriesDate, header.SeriesTime, assumed],
    ['StudyDate', header.StudyDate, header.StudyTime, assumed],
  ] as const;
  for (const midnight of [undefined, '000000'])
    for (const [source, date, time, clock] of pairs) {
      const written = midnight ?? time.trim().replaceAll(':', '');
      const at = instant(date, written, clock);
      if (at !== undefined) return { at, source, date: date.trim().replaceAll('.', ''), time: written };
    }
  return undefined;
}

/** A DT value without its offset, and the offset in minutes. */
function splitOffset(dateTime: string): [string, number | undefined] {
  const at = dateTime.search(/[+-]/);
  return at < 0 ? [dateTime, undefined] : [dateTime.slice(0, at), offsetMinutes(dateTime.slice(at))];
}
