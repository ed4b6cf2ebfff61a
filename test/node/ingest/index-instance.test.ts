import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instanceHeader, type InstanceHeader } from '../../../src/dicom/instance-header.js';
import { indexInstance } from '../../../src/node/ingest/index-instance.js';
import { release as releaseStudy } from '../../../src/node/operations/release.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { holdSentence } from '../../../src/model/hold.js';
import type { SeriesOrigin } from '../../../src/store/store.js';
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
/** What the study is on hold for. */
const onHold = (StudyInstanceUID = '1.1') =>
  store.holds.open(StudyInstanceUID).map(({ code, attribute }) => attribute ?? code);
/** The study's series after a person has released it; undefined where it was not on hold. */
const release = (StudyInstanceUID: string, given: { acquiredAt?: number } = {}) => {
  const decision = { at: 5000, by: 'Dr Roe', ...given };
  const released = releaseStudy({ store, queue: openQueue(store) }, StudyInstanceUID, decision);
  return released ? store.series.ofStudy(StudyInstanceUID) : undefined;
};

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
    arrive({ SeriesInstanceUID: '1.1.3', PatientID: 'P2' }, 'MR2');
    expect(onHold()).toEqual(['PatientID']);
  });

  it('puts only the contradicting study on hold, and does not learn from it', () => {
    arrive({ PatientBirthDate: '' });
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M', PatientBirthDate: '19500101' });
    expect([onHold('1.1'), onHold('1.2')]).toEqual([[], ['PatientSex']]);
    expect(store.patients.find({ IssuerOfPatientID: 'HOSPITAL', PatientID: 'P1' })?.PatientBirthDate).toBe('');
  });

  it('puts a study on hold that comes under two patients, and both studies of a series in two', () => {
    arrive();
    arrive({ PatientID: 'P2' });
    expect(onHold()).toEqual(['PatientID']);
    arrive({ PatientID: 'P3', StudyInstanceUID: '1.5', SeriesInstanceUID: '1.5.1' });
    arrive({ PatientID: 'P3', StudyInstanceUID: '1.6', SeriesInstanceUID: '1.5.1' });
    expect([onHold('1.5'), onHold('1.6')]).toEqual([['StudyInstanceUID'], ['StudyInstanceUID']]);
  });

  it('gives an operator every reason, once', () => {
    arrive();
    const second = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', StudyDate: '', StudyTime: '' };
    arrive(second);
    arrive({ ...second, PatientSex: 'M' });
    arrive({ ...second, PatientSex: 'M' });
    expect(onHold('1.2')).toEqual(['TIME_UNKNOWN', 'PatientSex']);
    expect(holdSentence(store.holds.open('1.2'))).toBe(
      'no date of acquisition, series or study; PatientSex contradicts what is known',
    );
  });

  it('puts no study on hold for a result without a date', () => {
    arrive();
    const result = { SeriesInstanceUID: '1.1.9', Modality: 'SR', StudyDate: '', StudyTime: '' };
    arrive(result, 'PACS', 'destination');
    arrive({ ...result, SeriesInstanceUID: '1.1.8' }, 'PACS', 'ours');
    expect(onHold()).toEqual([]);
  });

  it('takes the earliest time among the slices of a series', () => {
    arrive({ StudyTime: '11' });
    expect(arrive({ StudyTime: '10' }).acquiredAt).toBe(Date.UTC(2026, 0, 2, 10));
    expect(arrive({ StudyTime: '12' }).acquiredAt).toBe(Date.UTC(2026, 0, 2, 10));
  });

  it('makes a series receive again for a late slice', () => {
    arrive();
    store.series.setState('1.1.1', 'assembled');
    expect(arrive().state).toBe('receiving');
  });
});

describe('a released study', () => {
  it('is not put on hold again, even by further slices like those the operator saw', () => {
    arrive();
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M' });
    expect(release('1.2')?.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).toEqual(['1.2.1']);
    expect(release('1.2')).toBeUndefined();
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M' });
    expect(onHold('1.2')).toEqual([]);
  });

  it('is put on hold again for what the operator did not see', () => {
    arrive();
    const second = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', StudyDate: '', StudyTime: '' };
    arrive(second);
    release('1.2');
    arrive({ ...second, PatientSex: 'M' });
    expect(onHold('1.2')).toEqual(['PatientSex']);
    release('1.2');
    arrive({ ...second, PatientSex: 'M' });
    expect(onHold('1.2')).toEqual([]);
    arrive({ ...second, PatientSex: 'M', PatientName: 'Roe^Richard' });
    expect(onHold('1.2')).toEqual(['PatientName']);
  });

  it('is not put on hold again for one of several contradictions that the operator accepted together', () => {
    arrive();
    const second = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientName: 'Roe^Jane' };
    arrive({ ...second, PatientSex: 'M' });
    release('1.2');
    arrive(second);
    expect(onHold('1.2')).toEqual([]);
  });

  it('has no acquisition time if released for its identity alone', () => {
    arrive();
    arrive({ StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', PatientSex: 'M' });
    release('1.2');
    const timeless = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.2', StudyDate: '', StudyTime: '' };
    expect(arrive(timeless).acquiredAt).toBeNull();
    expect(onHold('1.2')).toEqual(['TIME_UNKNOWN']);
  });

  it('gets the time an operator gave, or that of its arrival', () => {
    const timeless = { StudyDate: '', StudyTime: '' };
    const first = arrive(timeless);
    expect([onHold(), first.acquiredAt]).toEqual([['TIME_UNKNOWN'], null]);
    expect(release('1.1', { acquiredAt: 42 })?.[0]).toMatchObject({ acquiredAt: 42, acquiredAtSource: 'released' });
    // What the person told holds for what comes later, too.
    expect(arrive({ ...timeless, SeriesInstanceUID: '1.1.2' }).acquiredAt).toBe(42);
    const second = { ...timeless, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1' };
    const arrived = arrive(second).firstInstanceAt;
    expect(release('1.2')?.[0].acquiredAt).toBe(arrived);
    expect(arrive({ ...second, SeriesInstanceUID: '1.2.2' }).acquiredAt).toBe(arrived);
    expect(onHold('1.2')).toEqual([]);
  });
});
