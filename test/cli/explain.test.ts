import { afterAll, expect, test } from 'vitest';
import { explainSeries } from '../../src/cli/explain.js';
import { addSeries, temporaryStore } from '../store/temporary-store.js';

const store = temporaryStore();
afterAll(() => store.close());

test('explain tells of another patient with the same PatientID, whose studies are no priors', () => {
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
