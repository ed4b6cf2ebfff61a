import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { choosePrior } from '../../../src/analysis/case/choose-case.js';
import { temporalPrior } from '../../../src/analysis/case/temporal-prior.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import type { Prepared } from '../../../src/analysis/prepare/prepare-current.js';
import { loadTemplate } from '../../../src/analysis/prepare/template.js';
import { registrationSettingsSchema } from '../../../src/analysis/register/register-prior.js';
import type { SeriesRow, Store } from '../../../src/store/store.js';
import { identityAffine, type Affine } from '../../../src/imaging/affine.js';
import { caseResult } from '../../store/case-result.js';
import { addSeries, day, temporaryFolder, temporaryStore } from '../../store/temporary-store.js';
import { addReadableSeries } from './readable-series.js';

const mapping = resolve(import.meta.dirname, '../../../mappings/registration.yaml');
const registration = loadMapping(mapping, registrationSettingsSchema);
const priorStudy = { study: '1.2.1', acquiredAt: 100 * day };
let prepared: Prepared;
let store: Store;
let dataDir: string;
let current: SeriesRow;
beforeAll(async () => {
  const { head, brainMask } = await loadTemplate();
  const found = { sourceFromTemplate: identityAffine, atlasFromTemplate: [], coverage: 1, incompleteCoverage: false };
  prepared = { image: head, brainMask, ...found, quality: { similarity: 2, correlation: 1, edges: 1 }, peakRssMb: 0 };
});
beforeEach(() => {
  store = temporaryStore();
  dataDir = temporaryFolder();
  current = addSeries(store, { study: '1.2.2', acquiredAt: 200 * day });
});
afterEach(() => store.close());

const priorOf = () => {
  const chosen = choosePrior(store, { maximumAgeDays: 400, minimumIntervalHours: 12 }, current);
  return temporalPrior(dataDir, chosen, prepared, { registration, biasCorrection: 'none', zone: 'utc' }, {});
};

/** The prior's report says where its head lay. */
function report({ StudyInstanceUID, SeriesInstanceUID }: SeriesRow, sourceFromTemplate: Affine): void {
  const input = { StudyInstanceUID, SeriesInstanceUID, priorCaseKey: null, priorSeriesInstanceUID: null };
  const { caseKey } = store.cases.open({ ...input, fingerprint: 'a' }, 1).case;
  store.cases.finish(caseKey, { status: 'reported', result: caseResult({ sourceFromTemplate }), lesions: [] }, 2);
}

describe('a comparison that is not possible does not fail the case, and the report gives the reason', () => {
  const nothing = { found: null, used: null };

  test('there is no earlier study, or none is eligible', async () => {
    expect(await priorOf()).toEqual({ ...nothing, unusedBecause: { kind: 'no earlier study' } });
    addSeries(store, { ...priorStudy, state: 'refused' });
    expect(await priorOf()).toEqual({
      ...nothing,
      unusedBecause: { kind: 'no eligible earlier study', studies: 1 },
    });
  });

  test('no transform was found because the images do not overlap', async () => {
    const prior = addReadableSeries(store, dataDir, priorStudy);
    report(prior, [1, 0, 0, 1000, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const { unusedBecause, ...rest } = await priorOf();
    expect(rest).toEqual(nothing);
    const { StudyInstanceUID, SeriesInstanceUID } = prior;
    const tried = { StudyInstanceUID, SeriesInstanceUID, message: expect.stringContaining('elastix') as unknown };
    expect(unusedBecause).toEqual({ kind: 'registration failed', ...tried });
  });

  test('the images of the prior cannot be read', async () => {
    const prior = addReadableSeries(store, dataDir, priorStudy);
    report(prior, identityAffine);
    for (const name of readdirSync(dataDir, { recursive: true }) as string[])
      if (name.endsWith('.dcm')) writeFileSync(join(dataDir, name), 'no DICOM');
    expect(await priorOf()).toMatchObject({ ...nothing, unusedBecause: { kind: 'prior images unusable' } });
  });
});
