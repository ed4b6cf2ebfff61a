import { join } from 'node:path';
import { DateTime } from 'luxon';
import { assembleSeries, type AssembledSeries } from '../assemble/assemble-series.js';
import { text } from '../../dicom/dataset.js';
import { acquisitionTime, timeAttributes, zoneOf } from '../../dicom/acquisition-time.js';
import type { ChosenSeries } from './case.js';

/**
 * Assembles a chosen series into a volume. The header from which reports take their dates says the time by which the
 * index orders the series, that of its earliest instance or what an operator has given (`priora release
 * --acquired-at`), where its own attributes say another one; the files stay as received.
 *
 * @param zone zone of times without TimezoneOffsetFromUTC, IANA.
 * @throws PrioraError if the series is not an even stack of slices.
 */
export async function assembleSource(
  dataDir: string,
  { row: { acquiredAt }, instances }: ChosenSeries,
  zone: string,
  stop: { signal?: AbortSignal },
): Promise<AssembledSeries> {
  const assembled = await assembleSeries(
    instances.map(({ path }) => join(dataDir, path)),
    stop,
  );
  const { header } = assembled;
  if (acquiredAt === null || acquisitionTime(timeAttributes(header), zone)?.at === acquiredAt) return assembled;
  const offset = text(header, 'TimezoneOffsetFromUTC') ?? '';
  const told = DateTime.fromMillis(acquiredAt, { zone: zoneOf(offset, zone) });
  return { ...assembled, header: { ...header, AcquisitionDateTime: told.toFormat('yyyyMMddHHmmss.SSS') } };
}
