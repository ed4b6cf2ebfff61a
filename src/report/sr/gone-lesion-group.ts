import type { GoneLesion } from '../../model/lesion.js';
import { codes } from '../codes.js';
import type { ReportInput } from '../types.js';
import { describeGone } from '../wording/describe-gone.js';
import { wordings } from '../wording/language.js';
import { coded, container, text, type ContentItem } from './content-item.js';
import { baselineCategory, findingSite, lesionContext } from './lesion-context.js';

const fates = { 'no longer seen': codes.gone, merged: codes.merged, 'not covered': codes.notCovered };

/**
 * A lesion of earlier time points that is not found now: nothing to measure, but who it was and what became of it. No Measurement
 * Group: of those that stand beside TID 1411's, DicomSRValidator asks for a region.
 */
export function goneLesionGroup(lesion: GoneLesion, input: ReportInput): ContentItem {
  return container(codes.earlierLesion, [
    ...lesionContext(lesion, input),
    findingSite(lesion.site),
    coded('CONTAINS', codes.changeSincePrior, fates[lesion.status]),
    ...baselineCategory(lesion, input),
    text('CONTAINS', codes.comment, describeGone(lesion, input.timePoint.acquiredAt, wordings[input.language])),
  ]);
}
