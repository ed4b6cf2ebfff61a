import { describe, expect, it } from 'vitest';
import { acquisitionTime } from '../../src/dicom/acquisition-time.js';

const none = {
  AcquisitionDateTime: '',
  AcquisitionDate: '',
  AcquisitionTime: '',
  SeriesDate: '',
  SeriesTime: '',
  StudyDate: '',
  StudyTime: '',
  TimezoneOffsetFromUTC: '',
};
const time = (given: Partial<typeof none>, zone = 'Europe/Berlin') => {
  const found = acquisitionTime({ ...none, ...given }, zone);
  return found && [new Date(found.at).toISOString(), found.source];
};

describe('the acquisition time', () => {
  it('is AcquisitionDateTime if there is one', () => {
    const given = { AcquisitionDateTime: '20220711120517.042500', StudyDate: '20200101', StudyTime: '10' };
    expect(time(given)).toEqual(['2022-07-11T10:05:17.042Z', 'AcquisitionDateTime']);
  });

  it('is else that of Acquisition, Series or Study date and time', () => {
    const study = { StudyDate: '20260105', StudyTime: '080000' };
    const series = { ...study, SeriesDate: '20260105', SeriesTime: '081500.5' };
    expect(time(study)).toEqual(['2026-01-05T07:00:00.000Z', 'StudyDate']);
    expect(time(series)).toEqual(['2026-01-05T07:15:00.500Z', 'SeriesDate']);
    expect(time({ ...series, AcquisitionDate: '20260105', AcquisitionTime: '0820' })).toEqual([
      '2026-01-05T07:20:00.000Z',
      'AcquisitionDate',
    ]);
  });

  it('comes from a complete pair rather than a date alone', () => {
    expect(time({ AcquisitionDate: '20260105', StudyDate: '20260105', StudyTime: '10' })?.[1]).toBe('StudyDate');
    expect(time({ StudyDate: '20260105' })).toEqual(['2026-01-04T23:00:00.000Z', 'StudyDate']);
  });

  it('follows the offset in the value, then TimezoneOffsetFromUTC, then the zone with its summer time', () => {
    const at = { StudyDate: '20260705', StudyTime: '120000' };
    expect(time(at)![0]).toBe('2026-07-05T10:00:00.000Z');
    expect(time({ ...at, TimezoneOffsetFromUTC: '-0500' })![0]).toBe('2026-07-05T17:00:00.000Z');
    expect(time({ AcquisitionDateTime: '20260705120000+0900', TimezoneOffsetFromUTC: '-0500' })![0]).toBe(
      '2026-07-05T03:00:00.000Z',
    );
    expect(time({ ...at, TimezoneOffsetFromUTC: 'CEST' })![0]).toBe('2026-07-05T10:00:00.000Z');
  });

  it('is told as it is written, too, for reports to carry', () => {
    const given = { SeriesDate: '2024.03.12', SeriesTime: '10:22:33.5' };
    expect(acquisitionTime({ ...none, ...given }, 'utc')).toMatchObject({ date: '20240312', time: '102233.5' });
    const dateTime = { AcquisitionDateTime: '20240312102233.500000+0100' };
    expect(acquisitionTime({ ...none, ...dateTime }, 'utc')).toMatchObject({ date: '20240312', time: '102233.500000' });
  });

  it('accepts ACR-NEMA’s punctuation and a leap second', () => {
    expect(time({ StudyDate: '2026.01.05', StudyTime: '10:11:60' })![0]).toBe('2026-01-05T09:11:59.000Z');
  });

  it.each([
    ['', ''],
    ['00000000', '000000'],
    ['19000101', '000000'],
    ['20261301', '101010'],
    ['2026', '10'],
    ['garbage', '10'],
  ])('is unknown for %s %s', (StudyDate, StudyTime) => {
    expect(time({ StudyDate, StudyTime, AcquisitionDateTime: StudyDate })).toBeUndefined();
  });
});
