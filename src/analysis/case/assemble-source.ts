import { join } from 'node:path';
import { DateTime } from 'luxon';
import { assembleSeries, type AssembledSeries } from '../assemble/assemble-series.js';
import { zoneOf } from '../../dicom/acquisition-time.js';
import type { ChosenSeries } from './case.js';

/**
 * A chosen series as a volume. Where a person has told when it was acquired (`priora release --acquired-at`), the header that
 * reports take their dates from says so, too; the files stay as received.
 *
 * @param zone of times without TimezoneOffsetFromUTC, IANA.
 * @throws PrioraError when the series is no even stack of slices.
 */
export async function assembleSource(
  dataDir: string,
  { row: { acquiredAt, acquiredAtSource }, instances }: ChosenSeries,
  zone: string,
  stop: { signal?: AbortSignal },
): Promise<AssembledSeries> {
  const assembled = await assembleSeries(
    instances.map(({ path }) => join(dataDir, path)),
    stop,
  );
  if (acquiredAtSource !== 'released') return assembled;
  const offset = String(assembled.header['TimezoneOffsetFromUTC'] ?? '');
  const told = DateTime.fromMillis(acquiredAt!, { zone: zoneOf(offset, zone) });
  return {
    ...assembled,
    header: { ...assembled.header, AcquisitionDateTime: told.toFormat('yyyyMMddHHmmss.SSS') },
  };
}
