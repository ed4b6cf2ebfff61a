import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instanceHeader, type InstanceHeader } from '../../../src/dicom/instance-header.js';
import { indexInstance, releaseStudy } from '../../../src/node/ingest/index-instance.js';
import type { SeriesOrigin } from '../../../src/store/rows.js';
import { temporaryStore } from '../../store/temporary-store.js';

let store: ReturnType<typeof temporaryStore>;
let arrivals = 0;
beforeEach(() => (store = temporaryStore()));
afterEach(() => store.close());

const rules = { issuers: { MR1: 'HOSPITAL' }, zone: 'utc' };
const header = (given: Partial<InstanceHeader>): InstanceHeader => ({
  ...instanceHeader(new Map()),
  StudyInstanceUID: '1.1',
  SeriesInstanceUID: '1.1.1',
  PatientID: 'P1',
  PatientName: 'Doe^Jane',
  PatientSex: 'F',
  StudyDate: '20260102',
  StudyTime: '10',
  Modality: 'MR',
  ...given,
});
const arrive = (given: Partial<InstanceHeader> = {}, callingAETitle = 'MR1', origin: SeriesOrigin = 'received') => {
  const instance = {
    SOPInstanceUID: `1.9.${++arrivals}`,
    SeriesInstanceUID: given.SeriesInstanceUID ?? '1.1.1',
    SOPClassUID: '1.2',
    TransferSyntaxUID: '1.2',
    path: '',
    bytes: 1,
    sha256: new Uint8Array(32),
    receivedAt: 1000 + arrivals,
    InstanceNumber: null,
    orientation: null,
    normalPositionMm: null,
    sliceThicknessMm: null,
    NumberOfFrames: null,
    ImagesInAcquisition: null,
    NumberOfSeriesRelatedInstances: null,
  };
  return indexInstance(store, header(given), instance, { callingAETitle, origin }, rules);
};
const heldCode = (StudyInstanceUID: string) => store.studies.find(StudyInstanceUID)?.heldCode;

describe('indexing', () => {
  it('gives a missing issuer the sending AE’s default, and leaves a given one', () => {
    expect(arrive().IssuerOfPatientID).toBe('HOSPITAL');
    const other = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1' };
    expect(arrive({ ...other, IssuerOfPatientID: 'CLINIC' }).IssuerOfPatientID).toBe('CLINIC');
    const third = arrive({ StudyInstanceUID: '1.3', SeriesInstanceUID: '1.3.1' }, 'MR2');
    expect(third.IssuerOfPatientID).toBe('');
    expect(third.patientKey).not.toBe(store.series.find('1.1.1')?.patientKey);
    // The study says who issued a number that its sender leaves open; not another patient's number.
    expect(arrive({ SeriesInstanceUID: '1.1.2' }, 'MR2').IssuerOfPatientID).toBe('HOSPITAL');
    expect(arrive({ SeriesInstanceUID: '1.1.3', PatientID: 'P2' }, 'MR2').heldCode).toBe('IDENTITY_CONTRADICTION');
  });

  it('holds the contradicting study alone, and does not learn from it', () => {
    arrive({ PatientBirthDate: '' });
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M', PatientBirthDate: '19500101' });
    expect([heldCode('1.1'), heldCode('1.2')]).toEqual([null, 'IDENTITY_CONTRADICTION']);
    expect(store.patients.find({ IssuerOfPatientID: 'HOSPITAL', PatientID: 'P1' })?.PatientBirthDate).toBe('');
    expect(store.studies.find('1.2')?.heldReason).toBe('PatientSex contradicts what is known');
  });

  it('holds a study that comes under two patients, and both studies of a series in two', () => {
    arrive();
    arrive({ PatientID: 'P2' });
    expect(heldCode('1.1')).toBe('IDENTITY_CONTRADICTION');
    arrive({ PatientID: 'P3', StudyInstanceUID: '1.5', SeriesInstanceUID: '1.5.1' });
    arrive({ PatientID: 'P3', StudyInstanceUID: '1.6', SeriesInstanceUID: '1.5.1' });
    expect([heldCode('1.5'), heldCode('1.6')]).toEqual(['IDENTITY_CONTRADICTION', 'IDENTITY_CONTRADICTION']);
  });

  it('tells a person every reason, once', () => {
    arrive();
    const second = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', StudyDate: '', StudyTime: '' };
    arrive(second);
    arrive({ ...second, PatientSex: 'M' });
    arrive({ ...second, PatientSex: 'M' });
    expect(store.studies.find('1.2')?.heldReason).toBe(
      'no date of acquisition, series or study; PatientSex contradicts what is known',
    );
  });

  it('holds no study for a result without a date', () => {
    arrive();
    const result = { SeriesInstanceUID: '1.1.9', Modality: 'SR', StudyDate: '', StudyTime: '' };
    arrive(result, 'PACS', 'destination');
    arrive({ ...result, SeriesInstanceUID: '1.1.8' }, 'PACS', 'ours');
    expect(heldCode('1.1')).toBeNull();
  });

  it('takes the earliest time among a series’ slices', () => {
    arrive({ StudyTime: '11' });
    expect(arrive({ StudyTime: '10' }).acquiredAt).toBe(Date.UTC(2026, 0, 2, 10));
    expect(arrive({ StudyTime: '12' }).acquiredAt).toBe(Date.UTC(2026, 0, 2, 10));
  });

  it('a late slice makes the series receive again', () => {
    arrive();
    store.series.setState('1.1.1', 'assembled');
    expect(arrive().state).toBe('receiving');
  });
});

describe('a released study', () => {
  it('is held no more, not even by further slices like those the person saw', () => {
    arrive();
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M' });
    expect(releaseStudy(store, '1.2', { now: 5000 })?.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).toEqual([
      '1.2.1',
    ]);
    expect(releaseStudy(store, '1.2', { now: 5001 })).toBeUndefined();
    expect(arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M' }).heldCode).toBeNull();
  });

  it('is held again for what that person did not see', () => {
    arrive();
    const second = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', StudyDate: '', StudyTime: '' };
    arrive(second);
    releaseStudy(store, '1.2', { now: 5000 });
    expect(arrive({ ...second, PatientSex: 'M' }).heldCode).toBe('IDENTITY_CONTRADICTION');
    expect(store.studies.find('1.2')?.heldReason).toBe('PatientSex contradicts what is known');
    releaseStudy(store, '1.2', { now: 5001 });
    expect(arrive({ ...second, PatientSex: 'M' }).heldCode).toBeNull();
    expect(arrive({ ...second, PatientSex: 'M', PatientName: 'Roe^Richard' }).heldCode).toBe('IDENTITY_CONTRADICTION');
  });

  it('released for its identity alone has no time by that', () => {
    arrive();
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M' });
    releaseStudy(store, '1.2', { now: 5000 });
    const timeless = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.2', StudyDate: '', StudyTime: '' };
    expect(arrive(timeless)).toMatchObject({ heldCode: 'TIME_UNKNOWN', acquiredAt: null });
  });

  it('gets the time a person gave, or that of its arrival', () => {
    const timeless = { StudyDate: '', StudyTime: '' };
    const first = arrive(timeless);
    expect([first.heldCode, first.acquiredAt]).toEqual(['TIME_UNKNOWN', null]);
    expect(releaseStudy(store, '1.1', { now: 5000, acquiredAt: 42 })?.[0]).toMatchObject({
      acquiredAt: 42,
      acquiredAtSource: 'released',
    });
    const second = { ...timeless, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1' };
    const arrived = arrive(second).firstInstanceAt;
    expect(releaseStudy(store, '1.2', { now: 5000 })?.[0].acquiredAt).toBe(arrived);
    expect(arrive({ ...second, SeriesInstanceUID: '1.2.2' })).toMatchObject({ acquiredAt: arrived, heldCode: null });
  });
});
