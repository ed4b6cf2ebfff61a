import { afterAll, beforeAll, expect, it } from 'vitest';
import { assembleSource } from '../../../src/analysis/case/assemble-source.js';
import { acquiredAt } from '../../../src/report/source-attributes.js';
import type { SeriesRow } from '../../../src/store/store.js';
import { temporaryFolder, temporaryStore } from '../../store/temporary-store.js';
import { addReadableSeries } from './readable-series.js';

const dataDir = temporaryFolder();
let store: ReturnType<typeof temporaryStore>;
let series: SeriesRow;

beforeAll(() => {
  store = temporaryStore();
  series = addReadableSeries(store, dataDir, { study: '1.2.7', acquiredAt: Date.parse('2026-03-01T22:30:00Z') });
});
afterAll(() => store.close());

const datesOf = async (row: SeriesRow, zone: string) =>
  acquiredAt(
    (await assembleSource(dataDir, { row, instances: store.instances.ofSeries(row.SeriesInstanceUID) }, zone, {}))
      .header,
  );

it('reports carry the time by which the index orders the series, in the time zone of the node', async () => {
  // Released by an operator, or that of another slice: this one has no usable date.
  expect(await datesOf(series, 'utc')).toEqual({ date: '20260301', time: '223000.000' });
  expect(await datesOf(series, 'Europe/Berlin')).toEqual({ date: '20260301', time: '233000.000' });
  expect(await datesOf(series, 'Asia/Tokyo')).toMatchObject({ date: '20260302' });
});

it('what the header says stays as it is written where the index says the same', async () => {
  const dated = addReadableSeries(store, dataDir, {
    study: '1.2.8',
    acquiredAt: Date.parse('2026-03-01T22:30:00.125Z'),
    attributes: { SeriesDate: '20260301', SeriesTime: '223000.1250', ContentDate: '20260302', ContentTime: '0010' },
  });
  expect(await datesOf(dated, 'utc')).toEqual({ date: '20260301', time: '223000.1250' });
});
