import type { GoneLesion } from '../../model/lesion.js';
import type { LedgerLesion, ResponseAssessment } from '../../model/response.js';
import type { Wording } from './english.js';

const dayMs = 86_400_000;

/**
 * What became of a lesion that is not found now, and how it was when it was last seen.
 *
 * @param now the current acquisition, ms since the epoch, UTC.
 */
export function describeGone({ status, mergedInto, history }: GoneLesion, now: number, wording: Wording): string {
  const last = history.at(-1)!;
  const daysAgo = Math.round((now - last.acquiredAt) / dayMs);
  const fate = {
    'not visualised': wording.notVisualised,
    merged: wording.mergedInto(mergedInto?.trackingID ?? ''),
    'outside the field of view': wording.outsideFieldOfView,
  }[status];
  return `${fate} ${wording.lastSeen(last.order, daysAgo, last.volumeMm3, last.longAxisMm)}`;
}

/** The verdict and the numbers it came from, one sentence each; the verdict itself comes first. */
export function describeResponse(assessment: ResponseAssessment, wording: Wording): string[] {
  const { overall, notEvaluable, underImmunotherapy, immunotherapy, nonTargets, newLesions } = assessment;
  const { equivocalLesions, datedBackTo } = assessment;
  if (notEvaluable === 'no usable prior')
    return [wording.overall(overall), wording.notEvaluable(notEvaluable), wording.clinicalPart];
  const isStart = overall === 'baseline';
  const lasting = wording.lasting(assessment.confirmed, assessment.sustainedDays ?? 0, assessment.confirmationDays);
  return [
    wording.overall(overall),
    ...(notEvaluable ? [wording.notEvaluable(notEvaluable)] : []),
    ...(underImmunotherapy ? [wording.underImmunotherapy(underImmunotherapy)] : []),
    ...(datedBackTo === null ? [] : [wording.progressionFrom(datedBackTo)]),
    ...(newLesions.length > 0 ? [wording.immunotherapy(immunotherapy)] : []),
    ...(assessment.sustainedDays === null ? [] : [lasting]),
    ...(isStart ? startingTargets(assessment, wording) : judgedTargets(assessment, wording)),
    ...judgedNonTargets(nonTargets, isStart, wording),
    ...(isStart
      ? []
      : [newLesions.length > 0 ? wording.newLesions(firstSights(newLesions, wording)) : wording.noNewLesions]),
    ...(equivocalLesions.length > 0 ? [wording.equivocalLesions(firstSights(equivocalLesions, wording))] : []),
    wording.candidatesDoNotCount,
    wording.clinicalPart,
  ];
}

/** Each with its length and when it was first seen. */
const firstSights = (lesions: readonly LedgerLesion[], wording: Wording): string[] =>
  lesions.map(
    ({ trackingID, longAxisMm, firstSeen }) =>
      `${wording.length(trackingID, [longAxisMm])}, ${wording.firstSeen(firstSeen)}`,
  );

function startingTargets({ targets, baselineOrder }: ResponseAssessment, wording: Wording): string[] {
  if (targets.lesions.length === 0) return [wording.noTargets];
  return [wording.targetsAtBaseline(lengthsOf(targets.lesions, true, wording), targets.sumMm, baselineOrder)];
}

function judgedTargets({ targets }: ResponseAssessment, wording: Wording): string[] {
  if (targets.category === 'none') return [wording.noTargets];
  const { category, sumMm, baselineSumMm, nadirSumMm, nadirOrder, leastCountedMm } = targets;
  const isShort = (length: number | null) => length !== null && length > 0 && length < leastCountedMm;
  const someShort = targets.lesions.some(({ nadirMm, longAxisMm }) => isShort(nadirMm) || isShort(longAxisMm));
  return [
    category === 'NE'
      ? wording.targetsNotShown(sumMm, baselineSumMm, nadirSumMm, nadirOrder)
      : wording.targets(wording.responses[category], sumMm, baselineSumMm, nadirSumMm, nadirOrder),
    wording.targetLengths(
      targets.lesions.map(({ trackingID, baselineMm, nadirMm, longAxisMm }) =>
        wording.length(trackingID, [baselineMm, nadirMm, longAxisMm]),
      ),
    ),
    ...(someShort ? [wording.shortCountsMore(leastCountedMm)] : []),
  ];
}

function judgedNonTargets({ category, lesions }: ResponseAssessment['nonTargets'], isStart: boolean, wording: Wording) {
  if (category === 'none') return [];
  const lengths = lengthsOf(lesions, isStart, wording);
  return [isStart ? wording.nonTargetsAtBaseline(lengths) : wording.nonTargets(wording.responses[category], lengths)];
}

/** Each with its current length, preceded by its smallest earlier length if there is one. */
const lengthsOf = (lesions: readonly LedgerLesion[], isStart: boolean, wording: Wording): string[] =>
  lesions.map(({ trackingID, nadirMm, longAxisMm }) =>
    wording.length(trackingID, isStart || nadirMm === null ? [longAxisMm] : [nadirMm, longAxisMm]),
  );
