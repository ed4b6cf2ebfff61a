import { afterAll, beforeAll, expect, it } from 'vitest';
import { assembleSource } from '../../src/case/assemble-source.js';
import { writeFile } from '../../src/dicom/dataset.js';
import { SOPClass } from '../../src/dicom/uid.js';
import { acquiredAt } from '../../src/report/source-attributes.js';
import type { SeriesRow } from '../../src/store/store.js';
import { addInstance, addSeries, temporaryFolder, temporaryStore } from '../store/temporary-store.js';

const dataDir = temporaryFolder();
let store: ReturnType<typeof temporaryStore>;
let series: SeriesRow;

beforeAll(() => {
  store = temporaryStore();
  series = addSeries(store, { study: '1.2.7', acquiredAt: Date.parse('2026-03-01T22:30:00Z') });
  const { SeriesInstanceUID, StudyInstanceUID } = series;
  for (let slice = 1; slice <= 20; slice++) {
    const bytes = writeFile({
      SpecificCharacterSet: 'ISO_IR 192',
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: `${SeriesInstanceUID}.${slice}`,
      StudyInstanceUID,
      SeriesInstanceUID,
      // Nobody scanned anyone that day.
      StudyDate: '19000101',
      InstanceNumber: slice,
      Modality: 'MR',
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      ImagePositionPatient: [0, 0, slice],
      PixelSpacing: [1, 1],
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: 16,
      Columns: 16,
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      PixelData: [new Uint16Array(256).fill(slice).buffer],
      _vrMap: { PixelData: 'OW' },
    });
    addInstance(store, dataDir, { SeriesInstanceUID, InstanceNumber: slice, bytes });
  }
});
afterAll(() => store.close());

const datesOf = async (row: SeriesRow, zone: string) =>
  acquiredAt((await assembleSource(store, dataDir, row, zone, {})).header);

it('reports carry the time that a person told when the study was released, in the zone of the node', async () => {
  const released = { ...series, acquiredAtSource: 'released' } as const;
  expect(await datesOf(released, 'utc')).toEqual({ date: '20260301', time: '223000.000' });
  expect(await datesOf(released, 'Europe/Berlin')).toEqual({ date: '20260301', time: '233000.000' });
  expect(await datesOf(released, 'Asia/Tokyo')).toMatchObject({ date: '20260302' });
});

it('any other study keeps what its header says', async () => {
  expect(await datesOf(series, 'utc')).toEqual({ date: '19000101', time: '000000' });
});
