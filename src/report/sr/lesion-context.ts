import type { FindingSite, GoneLesion, LesionIdentity, TrackedLesion } from '../../model/lesion.js';
import { codes, type Code } from '../codes.js';
import { findingType } from '../lesion-label.js';
import type { ReportInput } from '../report-input.js';
import { wordings } from '../wording/language.js';
import { coded, text, uidReference, type ContentItem } from './content-item.js';

/**
 * The beginning of a lesion's group: its identity, what it is, and at which time point (TID 1502). Identity comes
 * before every other UID reference, because OHIF takes the first UIDREF of a group for it. The order of the time point
 * is a number only at the top (`observation-context`): within a group, readers take every NUM for a measurement of the
 * lesion (OHIF, DicomSRValidator).
 */
export function lesionContext(lesion: TrackedLesion | GoneLesion, input: ReportInput): ContentItem[] {
  const { trackingID, trackingUID } = lesion;
  const { order } = input.timePoint;
  return [
    text('HAS OBS CONTEXT', codes.trackingIdentifier, trackingID),
    uidReference('HAS OBS CONTEXT', codes.trackingUniqueIdentifier, trackingUID),
    coded('CONTAINS', codes.findingCategory, codes.morphologicallyAbnormalStructure),
    coded('CONTAINS', codes.finding, findingType(lesion)),
    text('HAS OBS CONTEXT', codes.subjectTimePoint, String(order)),
    text('HAS OBS CONTEXT', codes.timePoint, wordings[input.language].timePoint(order)),
    coded('HAS OBS CONTEXT', codes.timePointType, timePointType(lesion, input)),
  ];
}

/** Nadir: for targets whose sum has never been smaller, and only if the disease does not progress nevertheless. */
function timePointType({ trackingUID }: LesionIdentity, { timePoint, response }: ReportInput): Code {
  if (timePoint.type === 'baseline') return codes.baselineTimePoint;
  if (response === null || ['PD', 'NE'].includes(response.overall)) return codes.posttreatment;
  const { category, lesions, sumMm, nadirSumMm } = response.targets;
  const isNadir = !['baseline', 'none', 'NE'].includes(category) && sumMm < nadirSumMm;
  return isNadir && lesions.some((target) => target.trackingUID === trackingUID)
    ? codes.nadirTimePoint
    : codes.posttreatment;
}

/** The lobe or structure with its side; the brain if nothing more is known. */
export const findingSite = (site: FindingSite | null): ContentItem =>
  coded(
    'HAS CONCEPT MOD',
    codes.findingSite,
    site?.structure ?? codes.brain,
    site?.laterality ? [coded('HAS CONCEPT MOD', codes.laterality, site.laterality)] : [],
  );

/** The lesion's part in the response: what it was at baseline; nothing for candidates and new lesions. */
export function baselineCategory({ trackingUID }: LesionIdentity, { response }: ReportInput): ContentItem[] {
  const isIn = (lesions: readonly LesionIdentity[]) => lesions.some((lesion) => lesion.trackingUID === trackingUID);
  if (response && isIn(response.targets.lesions))
    return [coded('CONTAINS', codes.baselineCategory, codes.targetAtBaseline)];
  const seenAtBaseline = response?.nonTargets.lesions.filter(({ firstSeen }) => firstSeen === response.baselineOrder);
  return seenAtBaseline && isIn(seenAtBaseline)
    ? [coded('CONTAINS', codes.baselineCategory, codes.nonTargetAtBaseline)]
    : [];
}
