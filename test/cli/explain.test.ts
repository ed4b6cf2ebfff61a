import { afterAll, expect, test } from 'vitest';
import { explainSeries } from '../../src/node/operations/explain.js';
import { holdLines } from '../../src/cli/explain.js';
import { addSeries, temporaryStore } from '../store/temporary-store.js';

const store = temporaryStore();
afterAll(() => store.close());

test('explain says who released a study that was on hold, when and with which comment', () => {
  const { SeriesInstanceUID, StudyInstanceUID } = addSeries(store, { study: '1.2.9', PatientID: 'P9' });
  store.holds.add(StudyInstanceUID, [{ code: 'IDENTITY_CONTRADICTION', attribute: 'PatientName' }], 1);
  const acceptance = { acceptedAt: Date.UTC(2026, 1, 3), acceptedBy: 'Dr Roe', comment: 'married' };
  const explain = () => explainSeries({ store, config: { mappingsDir: 'mappings' } }, SeriesInstanceUID).holds;
  expect(holdLines(explain())).toEqual(['on hold: PatientName contradicts what is known']);
  store.holds.accept(StudyInstanceUID, acceptance);
  expect(holdLines(explain())).toEqual([
    'released: PatientName contradicts what is known; accepted 2026-02-03T00:00:00.000Z by Dr Roe: married',
  ]);
});

test('explain mentions another patient with the same PatientID, whose studies are not used as priors', () => {
  const { SeriesInstanceUID } = addSeries(store, { study: '1.2.7' });
  const explain = () => explainSeries({ store, config: { mappingsDir: 'mappings' } }, SeriesInstanceUID).otherIssuers;
  expect(explain()).toEqual([]);
  for (const IssuerOfPatientID of ['', 'B'])
    store.patients.remember({
      IssuerOfPatientID,
      PatientID: 'P1',
      PatientName: '',
      PatientBirthDate: '',
      PatientSex: '',
    });
  addSeries(store, { study: '1.2.8', PatientID: 'P2' });
  expect(explain()).toEqual(['(none)', 'B']);
});
