import { isExamined, sitesSeen, type ProbabilityMap } from '../../model/probability-map.js';
import type { LesionHistory } from '../../model/lesion.js';
import type { CaseRow, SeriesRow, Store } from '../../store/store.js';
import type { ComparedPrior, LesionRecord } from '../track/follow-lesions.js';
import type { Reading } from '../track/name-lesions.js';
import { applyAffine, identityAffine, invertAffine, multiplyAffine, type Affine } from '../../imaging/affine.js';
import type { LabelMap } from '../../imaging/volume.js';
import { CaseFolder } from './case-folder.js';
import type { CaseResult } from '../../model/case-result.js';
import { lesionHistories } from './lesion-history.js';
import type { StandingTimePoint } from './standing-time-points.js';
import type { FoundPrior } from './temporal-prior.js';

/** A patient's time points around the current one, each in order of acquisition. */
export interface OtherTimePoints {
  readonly earlier: readonly StandingTimePoint[];
  readonly later: readonly StandingTimePoint[];
}

/**
 * What is known of a patient's lesions besides the current images: the readings to match with, and how each lies to the current
 * source. The prior was registered; all others meet the current images in the template's space, where every case lies.
 *
 * @param current.templateFromSource rigid: source → template patient space.
 * @param current.superseded the case that this one replaces.
 */
export async function lesionRecord(
  store: Store,
  dataDir: string,
  current: { series: SeriesRow; labels: LabelMap; templateFromSource: Affine; superseded: CaseRow | null },
  used: FoundPrior | null,
  { earlier, later }: OtherTimePoints,
): Promise<LesionRecord> {
  const { series, labels, templateFromSource, superseded } = current;
  const throughTemplate = ({ result }: CaseRow) =>
    multiplyAffine((result as CaseResult).sourceFromTemplate, templateFromSource);
  const reading = (reported: CaseRow, readingFromCurrent = throughTemplate(reported)): Reading => ({
    lesions: store.cases.lesions(reported.caseKey),
    labels: () => new CaseFolder(dataDir, reported.caseKey).readLabels(),
    readingFromCurrent,
  });
  /** What a reader has rejected there is no lesion, but what the networks find at its site again is the same finding. */
  const rejected = (reported: CaseRow): Reading[] => {
    const { review } = reported.result as CaseResult;
    if (!review || review.rejected.length === 0) return [];
    const uids = new Set(review.rejected.map(({ trackingUID }) => trackingUID));
    const corrected = reading(store.cases.find(review.correctedCaseKey)!);
    return [{ ...corrected, lesions: corrected.lesions.filter(({ trackingUID }) => uids.has(trackingUID)) }];
  };
  const runs: Reading[] = [];
  for (
    let run = superseded;
    run;
    run = run.supersededCaseKey === null ? null : store.cases.find(run.supersededCaseKey)!
  )
    runs.push(reading(run, run.SeriesInstanceUID === series.SeriesInstanceUID ? identityAffine : undefined));

  const comparedPrior = async (reported: CaseRow, priorFromTemplate: Affine): Promise<ComparedPrior> => {
    const { sourceFromTemplate, timePoint, gone } = reported.result as CaseResult;
    const priorFromCurrent = multiplyAffine(priorFromTemplate, templateFromSource);
    const probabilities = await new CaseFolder(dataDir, reported.caseKey).readProbabilities();
    const mapFromCurrent = multiplyAffine(invertAffine(sourceFromTemplate), priorFromCurrent);
    return {
      reading: reading(reported, priorFromCurrent),
      acquiredAt: timePoint.acquiredAt,
      sites: probabilities && sitesSeen(probabilities, labels, mapFromCurrent),
      gone,
    };
  };
  return {
    prior: used?.reported ? await comparedPrior(used.reported, used.priorFromTemplate) : null,
    runs,
    later: later.map(({ reported }) => reading(reported)),
    earlier: earlier.toReversed().flatMap(({ reported }) => [reading(reported), ...rejected(reported)]),
    histories: lesionHistories(earlier),
    identities: store.cases.identities(series.patientKey),
  };
}

/** Whether the networks looked at the site where each lesion was last seen. */
export function sitesShown(
  probabilities: ProbabilityMap,
  earlier: readonly StandingTimePoint[],
): (lesion: LesionHistory) => boolean {
  return ({ trackingUID, history }) => {
    const last = earlier.find(({ order }) => order === history.at(-1)!.order)!;
    const { centroidPatientMm } = last.lesions.find((lesion) => lesion.trackingUID === trackingUID)!;
    const templateFromLast = invertAffine((last.reported.result as CaseResult).sourceFromTemplate);
    return isExamined(probabilities, applyAffine(templateFromLast, centroidPatientMm));
  };
}
