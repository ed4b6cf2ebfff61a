import { applyAffine, identityAffine, invertAffine, multiplyAffine, type Affine } from '../../imaging/affine.js';
import type { LabelMap } from '../../imaging/volume.js';
import type { ResponseCriteria } from '../../model/criteria.js';
import type { Confidence, GoneLesion, LesionHistory, TrackedLesion } from '../../model/lesion.js';
import { isExamined, sitesSeen, type ProbabilityMap } from '../../model/probability-map.js';
import { followLesions, type ComparedPrior, type CurrentReading, type LesionRecord } from '../track/follow-lesions.js';
import type { Reading } from '../track/name-lesions.js';
import { CaseFolder } from './case-folder.js';
import type { Case, ReportedCase, StandingTimePoint } from './case.js';
import type { FoundPrior } from './temporal-prior.js';
import { lesionHistories } from './time-points.js';

/**
 * Decides which of the lesions found now is which, what became of each, and which are not found. A reader's judgement
 * of a lesion at an earlier time point stands, unless this time point itself has been corrected.
 *
 * @param found.lesions measured on the current source, with their locations and what readers have said about them.
 * @param found.labels the same, on the grid of the current source.
 * @param found.seen what the networks saw, on the template grid.
 * @param found.templateFromSource rigid: source → template patient space.
 * @param used the prior that the current images were compared with.
 */
export async function trackLesions(
  dataDir: string,
  chosen: Pick<Case, 'record' | 'current' | 'review'>,
  found: {
    readonly lesions: CurrentReading['lesions'];
    readonly labels: LabelMap;
    readonly seen: ProbabilityMap;
    readonly templateFromSource: Affine;
  },
  used: FoundPrior | null,
  criteria: ResponseCriteria,
): Promise<{ lesions: TrackedLesion[]; gone: GoneLesion[] }> {
  const { earlier } = chosen.record;
  const { SeriesInstanceUID, acquiredAt } = chosen.current.row;
  const shows = sitesShown(found.seen, earlier);
  const record = await lesionRecord(dataDir, chosen, found, used);
  const current = { ...found, SeriesInstanceUID, acquiredAt: acquiredAt!, shows };
  const followed = await followLesions(current, record, criteria);
  return chosen.review ? followed : { ...followed, lesions: asReadersSaid(followed.lesions, earlier) };
}

/**
 * What is known about a patient's lesions besides the current images: the readings to match with, and how each lies
 * relative to the current source. The prior was registered; all others meet the current images in the space of the
 * template, where every case lies.
 *
 * @param current.labels the lesions found now, on the grid of the current source.
 * @param current.templateFromSource rigid: source → template patient space.
 */
async function lesionRecord(
  dataDir: string,
  { record, current: { row: series } }: Pick<Case, 'record' | 'current'>,
  { labels, templateFromSource }: { readonly labels: LabelMap; readonly templateFromSource: Affine },
  used: FoundPrior | null,
): Promise<LesionRecord> {
  const { earlier, later, runs, identities } = record;
  const throughTemplate = ({ result }: ReportedCase) => multiplyAffine(result.sourceFromTemplate, templateFromSource);
  const reading = (reported: ReportedCase, readingFromCurrent = throughTemplate(reported)): Reading => ({
    lesions: reported.lesions,
    labels: () => new CaseFolder(dataDir, reported.row.caseKey).readLabels(),
    readingFromCurrent,
  });
  /**
   * What a reader has rejected there is not a lesion, but what the networks find at its location again is the same
   * finding.
   */
  const rejected = ({ result: { review }, corrected }: StandingTimePoint): Reading[] => {
    if (!review || !corrected || review.rejected.length === 0) return [];
    const uids = new Set(review.rejected.map(({ trackingUID }) => trackingUID));
    return [{ ...reading(corrected), lesions: corrected.lesions.filter(({ trackingUID }) => uids.has(trackingUID)) }];
  };
  const comparedPrior = async (reported: ReportedCase, priorFromCurrent: Affine): Promise<ComparedPrior> => {
    const { sourceFromTemplate, timePoint, gone } = reported.result;
    const probabilities = await new CaseFolder(dataDir, reported.row.caseKey).readProbabilities();
    const mapFromCurrent = multiplyAffine(invertAffine(sourceFromTemplate), priorFromCurrent);
    return {
      reading: reading(reported, priorFromCurrent),
      acquiredAt: timePoint.acquiredAt,
      sites: probabilities && sitesSeen(probabilities, labels, mapFromCurrent),
      gone,
    };
  };
  return {
    prior: used?.reported ? await comparedPrior(used.reported, used.priorFromCurrent) : null,
    runs: runs.map((run) =>
      reading(run, run.row.SeriesInstanceUID === series.SeriesInstanceUID ? identityAffine : undefined),
    ),
    later: later.map((timePoint) => reading(timePoint)),
    earlier: earlier.toReversed().flatMap((timePoint) => [reading(timePoint), ...rejected(timePoint)]),
    histories: lesionHistories(earlier),
    identities,
  };
}

/** Whether the networks looked at the location where each lesion was last seen. */
function sitesShown(
  probabilities: ProbabilityMap,
  earlier: readonly StandingTimePoint[],
): (lesion: LesionHistory) => boolean {
  return ({ trackingUID, history }) => {
    const last = earlier.find(({ order }) => order === history.at(-1)!.order)!;
    const { centroidPatientMm } = last.lesions.find((lesion) => lesion.trackingUID === trackingUID)!;
    return isExamined(probabilities, applyAffine(invertAffine(last.result.sourceFromTemplate), centroidPatientMm));
  };
}

/**
 * Gives lesions the confidence that readers have given them at earlier time points: confirmed if they accepted the
 * lesion, candidate if they doubted or rejected it. Their latest judgement stays with the lesion at later time points,
 * where the networks may see it differently.
 */
function asReadersSaid(lesions: readonly TrackedLesion[], earlier: readonly StandingTimePoint[]): TrackedLesion[] {
  const word = new Map<string, Confidence>();
  for (const { result, lesions: standing } of earlier) {
    if (!result.review) continue;
    const confidence = new Map(standing.map((lesion) => [lesion.trackingUID, lesion.confidence]));
    for (const { trackingUID, verdict } of result.review.lesions)
      if (verdict !== 'kept') word.set(trackingUID, confidence.get(trackingUID)!);
    for (const { trackingUID } of result.review.rejected) word.set(trackingUID, 'candidate');
  }
  return lesions.map((lesion) => ({ ...lesion, confidence: word.get(lesion.trackingUID) ?? lesion.confidence }));
}
