import type { ResponseAssessment } from '../../model/response.js';
import { codes, type Code } from '../codes.js';
import { roundedDecimalString } from '../decimal-string.js';
import { describeResponse } from '../wording/sentences.js';
import type { Wording } from '../wording/english.js';
import { coded, container, numeric, text, type ContentItem } from './content-item.js';

const overall: Record<ResponseAssessment['overall'], Code> = {
  baseline: codes.responseBaseline,
  CR: codes.responseCR,
  PR: codes.responsePR,
  SD: codes.responseSD,
  'non-CR/non-PD': codes.responseNeither,
  PD: codes.responsePD,
  NE: codes.responseNE,
};
/** CID 6143 has codes for what targets and non-targets do, but none for both together: a new lesion is not 112043. */
const targets: Partial<Record<ResponseAssessment['targets']['category'], Code>> = {
  CR: codes.targetCR,
  PR: codes.targetPR,
  SD: codes.targetSD,
  PD: codes.targetPD,
};
const nonTargets: Partial<Record<ResponseAssessment['nonTargets']['category'], Code>> = {
  CR: codes.nonTargetCR,
  'non-CR/non-PD': codes.nonTargetPersists,
  PD: codes.nonTargetPD,
};
const immunotherapies = { yes: codes.yes, no: codes.no, unknown: codes.unknown };

/**
 * The response: method, what can be coded of it, the sums behind it, and all of it in words. An extension of TID 1500.
 */
export function responseEvaluation(assessment: ResponseAssessment, wording: Wording): ContentItem {
  const { overall: verdict, underImmunotherapy, sustainedDays, newLesions, equivocalLesions, datedBackTo } = assessment;
  const { category: targetsCategory, sumMm, baselineSumMm, nadirSumMm, lesions } = assessment.targets;
  const isBaseline = verdict === 'baseline';
  const current = [targets[targetsCategory], nonTargets[assessment.nonTargets.category]];
  const length = (concept: Code, mm: number) =>
    numeric('CONTAINS', concept, roundedDecimalString(mm, 1), codes.millimetre);
  return container(codes.responseEvaluation, [
    coded('CONTAINS', codes.responseEvaluationMethod, codes.rano),
    text('CONTAINS', codes.comment, wording.method),
    coded('CONTAINS', codes.overallResponse, overall[verdict]),
    ...(underImmunotherapy ? [coded('CONTAINS', codes.responseUnderImmunotherapy, overall[underImmunotherapy])] : []),
    ...(isBaseline ? [] : [coded('CONTAINS', codes.immunotherapy, immunotherapies[assessment.immunotherapy])]),
    ...(sustainedDays === null
      ? []
      : [coded('CONTAINS', codes.responseConfirmed, assessment.confirmed ? codes.yes : codes.no)]),
    ...current.flatMap((response) => (response ? [coded('CONTAINS', codes.currentResponse, response)] : [])),
    ...(lesions.length > 0 && assessment.notEvaluable !== 'no usable prior'
      ? [
          ...(targetsCategory === 'NE' ? [] : [length(codes.sumOfDiameters, sumMm)]),
          length(codes.baselineSum, baselineSumMm),
          ...(isBaseline ? [] : [length(codes.nadirSum, nadirSumMm)]),
        ]
      : []),
    ...(isBaseline || assessment.notEvaluable === 'no usable prior'
      ? []
      : [
          numeric('CONTAINS', codes.newLesions, String(newLesions.length), codes.lesions),
          numeric('CONTAINS', codes.equivocalLesions, String(equivocalLesions.length), codes.lesions),
        ]),
    ...(datedBackTo === null ? [] : [numeric('CONTAINS', codes.datedBackTo, String(datedBackTo), codes.noUnits)]),
    ...describeResponse(assessment, wording).map((sentence) => text('CONTAINS', codes.comment, sentence)),
  ]);
}
