import { afterAll, describe, expect, test } from 'vitest';
import { namedPatient } from '../../src/node/operations/named-patient.js';
import { setImmunotherapy } from '../../src/node/operations/therapy.js';
import { openQueue } from '../../src/node/queue/queue.js';
import { caseResult } from '../store/case-result.js';
import { addSeries, day, temporaryStore } from '../store/temporary-store.js';

const store = temporaryStore();
const queue = openQueue(store);
afterAll(() => store.close());

/** A reported time point. */
function report(study: string, acquiredAt: number, PatientID = 'P1') {
  const { SeriesInstanceUID } = addSeries(store, { study, acquiredAt, PatientID });
  const { case: opened } = store.cases.open(
    {
      StudyInstanceUID: study,
      SeriesInstanceUID,
      priorCaseKey: null,
      priorSeriesInstanceUID: null,
      fingerprint: study,
    },
    1,
  );
  store.cases.finish(opened.caseKey, { status: 'reported', result: caseResult(), lesions: [] }, 1);
}

describe('a patient’s therapy', () => {
  test('is unknown until it is recorded; then everything but the baseline is judged again', () => {
    [10, 20, 30].forEach((at, index) => report(`1.2.${index}`, at * day));
    report('1.3.1', 40 * day, 'P2');
    const patient = namedPatient(store, 'P1', undefined);
    expect(patient.immunotherapy).toBe('unknown');
    expect(setImmunotherapy({ store, queue }, patient, 'yes')).toBe(2);
    expect(queue.list({ state: 'queued' }).map(({ key }) => key)).toEqual(['analyse:1.2.1', 'analyse:1.2.2']);
    const told = namedPatient(store, 'P1', 'A');
    expect(told.immunotherapy).toBe('yes');
    expect(setImmunotherapy({ store, queue }, told, 'yes')).toBeNull();
    expect(namedPatient(store, 'P2', undefined).immunotherapy).toBe('unknown');
  });

  test('needs one patient: an unknown one, or one of several issuers, is refused', () => {
    expect(() => namedPatient(store, 'P9', undefined)).toThrow(/no patient P9/);
    store.patients.remember({
      IssuerOfPatientID: '',
      PatientID: 'P1',
      PatientName: '',
      PatientBirthDate: '',
      PatientSex: '',
    });
    expect(() => namedPatient(store, 'P1', undefined)).toThrow(/several issuers.*\(none\), A/);
    expect(namedPatient(store, 'P1', '').immunotherapy).toBe('unknown');
  });
});
