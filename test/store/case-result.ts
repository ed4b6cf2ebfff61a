import { identityAffine } from '../../src/imaging/affine.js';
import type { CaseResult } from '../../src/model/case-result.js';
import type { ResponseAssessment } from '../../src/model/response.js';
import type { LesionRow } from '../../src/store/store.js';

/** The response at a baseline without lesions. */
export const baselineResponse: ResponseAssessment = {
  overall: 'baseline',
  notEvaluable: null,
  immunotherapy: 'unknown',
  underImmunotherapy: null,
  confirmed: false,
  confirmationDays: 28,
  sustainedDays: null,
  baselineOrder: 1,
  targets: {
    category: 'baseline',
    lesions: [],
    leastCountedMm: 5,
    sumMm: 0,
    baselineSumMm: 0,
    nadirSumMm: 0,
    nadirOrder: 1,
  },
  nonTargets: { category: 'baseline', lesions: [], progressing: [] },
  newLesions: [],
  equivocalLesions: [],
  datedBackTo: null,
};

/** What a case keeps that found nothing at a baseline. */
export const caseResult = (given: Partial<CaseResult> = {}): CaseResult => ({
  forced: false,
  timePoint: { order: 1, type: 'baseline', acquiredAt: 1 },
  prior: null,
  noPriorReason: { kind: 'no earlier study' },
  sourceFromTemplate: identityAffine,
  coverage: 1,
  notes: [],
  models: [],
  demonstration: false,
  provider: 'cpu',
  gone: [],
  response: baselineResponse,
  review: null,
  objects: [],
  picture: 'picture.png',
  seconds: {},
  ...given,
});

/** A lesion as the index keeps it: Lesion 1 of a baseline. */
export const lesionRow = (given: Partial<LesionRow> = {}): LesionRow => ({
  number: 1,
  trackingUID: '2.25.1',
  trackingID: 'Lesion 1',
  confidence: 'confirmed',
  volumeMm3: 120.5,
  longAxisMm: 7,
  shortAxisMm: 5,
  maximum3dDiameterMm: 7.5,
  axialSlices: 4,
  centroidPatientMm: [1, -2, 3],
  probability: 0.93,
  change: 'baseline',
  probabilities: { sensitivity: 0.93, specificity: 0.8 },
  site: null,
  sincePrior: null,
  sinceBaseline: null,
  mergedFrom: [],
  splitFrom: null,
  ...given,
});
