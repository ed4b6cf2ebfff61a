import type { FindingSite, LesionIdentity } from '../../model/lesion.js';
import { codes } from '../codes.js';
import type { ReportInput } from '../report-input.js';
import { wordings } from '../wording/language.js';
import { coded, text, uidReference, type ContentItem } from './content-item.js';

/**
 * What a lesion's group begins with: who it is, what it is, and at which time point (TID 1502). Identity comes before every
 * other UID reference, because OHIF takes a group's first UIDREF for it. The time point's order is a number only at the top
 * (`observation-context`): within a group readers take every NUM for a measurement of the lesion (OHIF, DicomSRValidator).
 */
export function lesionContext({ trackingID, trackingUID }: LesionIdentity, input: ReportInput): ContentItem[] {
  const { order } = input.timePoint;
  return [
    text('HAS OBS CONTEXT', codes.trackingIdentifier, trackingID),
    uidReference('HAS OBS CONTEXT', codes.trackingUniqueIdentifier, trackingUID),
    coded('CONTAINS', codes.findingCategory, codes.morphologicallyAbnormalStructure),
    coded('CONTAINS', codes.finding, codes.metastasis),
    text('HAS OBS CONTEXT', codes.subjectTimePoint, String(order)),
    text('HAS OBS CONTEXT', codes.timePoint, wordings[input.language].timePoint(order)),
    coded('HAS OBS CONTEXT', codes.timePointType, timePointType(input)),
  ];
}

/** Nadir: the targets have never been smaller. */
function timePointType({ timePoint, response }: ReportInput) {
  if (timePoint.type === 'baseline') return codes.baselineTimePoint;
  if (response === null || ['baseline', 'none', 'NE'].includes(response.targets.category)) return codes.posttreatment;
  return response.targets.sumMm < response.targets.nadirSumMm ? codes.nadirTimePoint : codes.posttreatment;
}

/** The lobe or structure with its side; the brain where nobody has told more. */
export const findingSite = (site: FindingSite | null): ContentItem =>
  coded(
    'HAS CONCEPT MOD',
    codes.findingSite,
    site?.structure ?? codes.brain,
    site?.laterality ? [coded('HAS CONCEPT MOD', codes.laterality, site.laterality)] : [],
  );

/** The lesion's part in the response: what it was at the baseline; nothing for candidates and new lesions. */
export function baselineCategory({ trackingUID }: LesionIdentity, { response }: ReportInput): ContentItem[] {
  const isIn = (lesions: readonly LesionIdentity[]) => lesions.some((lesion) => lesion.trackingUID === trackingUID);
  if (response && isIn(response.targets.lesions))
    return [coded('CONTAINS', codes.baselineCategory, codes.targetAtBaseline)];
  const seenAtBaseline = response?.nonTargets.lesions.filter(({ firstSeen }) => firstSeen === response.baselineOrder);
  return seenAtBaseline && isIn(seenAtBaseline)
    ? [coded('CONTAINS', codes.baselineCategory, codes.nonTargetAtBaseline)]
    : [];
}
