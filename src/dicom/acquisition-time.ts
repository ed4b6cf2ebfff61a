import { DateTime, FixedOffsetZone } from 'luxon';
import type { InstanceHeader } from './instance-header.js';

/** Data element that a time of acquisition was read from. */
export type TimeSource = 'AcquisitionDateTime' | 'AcquisitionDate' | 'SeriesDate' | 'StudyDate';

export interface AcquisitionTime {
  /** Milliseconds since the epoch, UTC. */
  readonly at: number;
  readonly source: TimeSource;
}

type TimeAttributes = Pick<
  InstanceHeader,
  | 'AcquisitionDateTime'
  | 'AcquisitionDate'
  | 'AcquisitionTime'
  | 'SeriesDate'
  | 'SeriesTime'
  | 'StudyDate'
  | 'StudyTime'
  | 'TimezoneOffsetFromUTC'
>;

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
 * time counts (as midnight) only if no pair is complete.
 *
 * @param zone IANA zone or `local`, for values that carry no offset and have no TimezoneOffsetFromUTC.
 * @returns undefined if nothing usable is there: the study then waits for an operator.
 */
export function acquisitionTime(header: TimeAttributes, zone: string): AcquisitionTime | undefined {
  const assumed = zoneOf(header.TimezoneOffsetFromUTC, zone);
  const dateTime = /^(\d{8})(\d{2,6}(?:\.\d{1,6})?)([+-]\d{4})?$/.exec(header.AcquisitionDateTime.trim());
  if (dateTime) {
    const own = offsetMinutes(dateTime[3] ?? '');
    const at = instant(dateTime[1], dateTime[2], own === undefined ? assumed : FixedOffsetZone.instance(own));
    if (at !== undefined) return { at, source: 'AcquisitionDateTime' };
  }
  const pairs = [
    ['AcquisitionDate', header.AcquisitionDate, header.AcquisitionTime],
    ['SeriesDate', header.SeriesDate, header.SeriesTime],
    ['StudyDate', header.StudyDate, header.StudyTime],
  ] as const;
  for (const [source, date, time] of pairs) {
    const at = instant(date, time, assumed);
    if (at !== undefined) return { at, source };
  }
  for (const [source, date] of pairs) {
    const at = instant(date, '00', assumed);
    if (at !== undefined) return { at, source };
  }
  return undefined;
}
