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

it('reports carry the acquisition time that an operator gave on release, in the time zone of the node', async () => {
  const released = { ...series, acquiredAtSource: 'released' } as const;
  expect(await datesOf(released, 'utc')).toEqual({ date: '20260301', time: '223000.000' });
  expect(await datesOf(released, 'Europe/Berlin')).toEqual({ date: '20260301', time: '233000.000' });
  expect(await datesOf(released, 'Asia/Tokyo')).toMatchObject({ date: '20260302' });
});

it('other studies keep what their header says', async () => {
  expect(await datesOf(series, 'utc')).toEqual({ date: '19000101', time: '000000' });
});
