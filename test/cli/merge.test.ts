import { afterAll, expect, test } from 'vitest';
import { mergePatients } from '../../src/node/operations/merge.js';
import { namedPatient } from '../../src/node/operations/named-patient.js';
import { openQueue } from '../../src/node/queue/queue.js';
import type { LesionRow } from '../../src/store/store.js';
import { caseResult, lesionRow } from '../store/case-result.js';
import { addSeries, day, temporaryStore } from '../store/temporary-store.js';

const store = temporaryStore();
const queue = openQueue(store);
afterAll(() => store.close());

const lesion = (number: number, trackingUID: string, trackingID: string): LesionRow =>
  lesionRow({ number, trackingUID, trackingID });

function report(PatientID: string, study: string, acquiredAt: number, lesions: LesionRow[]): number {
  const { SeriesInstanceUID } = addSeries(store, { study, acquiredAt, PatientID });
  const input = { StudyInstanceUID: study, SeriesInstanceUID, priorCaseKey: null, priorSeriesInstanceUID: null };
  const { caseKey } = store.cases.open({ ...input, fingerprint: study }, 1).case;
  store.cases.finish(caseKey, { status: 'reported', result: caseResult(), lesions }, 1);
  return caseKey;
}

test('two patients become one: their studies in one order, every lesion with a UID and an identifier of its own', () => {
  report('P1', '1.2.1', 10 * day, [lesion(1, '2.25.1', 'Lesion 1')]);
  report('P1', '1.2.3', 30 * day, [lesion(1, '2.25.1', 'Lesion 1'), lesion(2, '2.25.2', 'Lesion 2')]);
  const moved = report('P2', '1.2.2', 20 * day, [lesion(1, '2.25.3', 'Lesion 1'), lesion(2, '2.25.4', 'Lesion 3')]);
  const [from, into] = ['P2', 'P1'].map((PatientID) => namedPatient(store, PatientID, undefined));
  store.patients.setImmunotherapy(from.patientKey, 'yes');

  expect(mergePatients({ store, queue }, from, into)).toBe(3);
  expect(store.cases.standing(into.patientKey).map(({ StudyInstanceUID }) => StudyInstanceUID)).toEqual(['1.2.1', '1.2.2', '1.2.3']); // prettier-ignore
  expect(queue.list({ state: 'queued' }).map(({ key, serialKey }) => [key, serialKey])).toEqual(
    ['1.2.1', '1.2.2', '1.2.3'].map((study) => [`analyse:${study}`, `patient:${into.patientKey}`]),
  );
  const identities = store.lesions.identities(into.patientKey);
  expect(identities.map(({ trackingUID }) => trackingUID).sort()).toEqual(['2.25.1', '2.25.2', '2.25.3', '2.25.4']);
  expect(new Set(identities.map(({ trackingID }) => trackingID)).size).toBe(4);
  expect(store.lesions.ofCase(moved)[1].trackingID).toBe('Lesion 3');
  // Both names lead to the one patient, and what arrives under the old one is filed there.
  expect(namedPatient(store, 'P2', 'A')).toMatchObject({ PatientID: 'P1', immunotherapy: 'yes' });
  expect(addSeries(store, { study: '1.2.4', PatientID: 'P2' })).toMatchObject({
    patientKey: into.patientKey,
    PatientID: 'P1',
  });
});
