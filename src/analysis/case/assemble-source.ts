import { join } from 'node:path';
import { DateTime } from 'luxon';
import { assembleSeries, type AssembledSeries } from '../assemble/assemble-series.js';
import { zoneOf } from '../../dicom/acquisition-time.js';
import type { ChosenSeries } from './case.js';

/**
 * Assembles a chosen series into a volume. If an operator has said when it was acquired
 * (`priora release --acquired-at`), the header from which reports take their dates says so, too; the files stay as
 * received.
 *
 * @param zone zone of times without TimezoneOffsetFromUTC, IANA.
 * @throws PrioraError if the series is not an even stack of slices.
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
