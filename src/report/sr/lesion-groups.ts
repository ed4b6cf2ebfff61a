import type { GoneLesion, LesionIdentity, Segment3d, TrackedLesion } from '../../model/lesion.js';
import { codes, type Code } from '../codes.js';
import { roundedDecimalString } from '../decimal-string.js';
import { instancesWithFrames } from '../instance-references.js';
import type { ReportInput, WrittenObject } from '../report-input.js';
import { axisCoordinates, isDrawnInImage } from './axis-coordinates.js';
import { coded, container, image, numeric, text, type ContentItem } from './content-item.js';
import { describeGone } from '../wording/sentences.js';
import { wordings } from '../wording/language.js';
import { baselineCategory, findingSite, lesionContext } from './lesion-context.js';
import { volumeHistory } from './volume-history.js';

/**
 * One lesion as a volumetric ROI (TID 1411). Each number has a child, because OHIF stops at one that has none.
 *
 * @param segmentNumber of the lesion in `segmentation`.
 * @param slices of the source that the lesion lies on.
 */
export function measurementGroup(
  lesion: TrackedLesion,
  segmentNumber: number,
  input: ReportInput,
  segmentation: WrittenObject,
  slices: ReadonlySet<number>,
): ContentItem {
  const { source } = input;
  const frames = source.frames.filter(({ k }) => slices.has(k));
  const axis = (concept: Code, lengthMm: number, ends: Segment3d) =>
    numeric('CONTAINS', concept, roundedDecimalString(lengthMm, 2), codes.millimetre, [axisCoordinates(ends, source)]);
  const long = axis(codes.longAxis, lesion.longAxisMm, lesion.longAxis);
  const short = axis(codes.shortAxis, lesion.shortAxisMm, lesion.shortAxis);
  // OHIF shows the image that a group's first coordinates lie in: an axis without one must not come first.
  const axes = isDrawnInImage(short) && !isDrawnInImage(long) ? [short, long] : [long, short];
  // What each number refers to; the group's own site tells the side, too.
  const site = coded('HAS CONCEPT MOD', codes.findingSite, lesion.site?.structure ?? codes.brain);
  return container(
    codes.measurementGroup,
    [
      ...lesionContext(lesion, input),
      image('CONTAINS', codes.referencedSegment, {
        ReferencedSOPClassUID: segmentation.SOPClassUID,
        ReferencedSOPInstanceUID: segmentation.SOPInstanceUID,
        ReferencedSegmentNumber: segmentNumber,
      }),
      ...instancesWithFrames(frames).map((reference) => image('CONTAINS', codes.sourceImageForSegmentation, reference)),
      findingSite(lesion.site),
      numeric('CONTAINS', codes.volume, roundedDecimalString(lesion.volumeMm3, 2), codes.cubicMillimetre, [
        coded('HAS CONCEPT MOD', codes.measurementMethod, codes.sumOfVoxelVolumes),
      ]),
      ...axes,
      numeric(
        'CONTAINS',
        codes.maximum3dDiameter,
        roundedDecimalString(lesion.maximum3dDiameterMm, 2),
        codes.millimetre,
        [site],
      ),
      numeric('CONTAINS', codes.certaintyOfFinding, roundedDecimalString(lesion.probability * 100, 1), codes.percent, [
        site,
      ]),
      ...volumeHistory(lesion, site),
      coded('CONTAINS', codes.detectionConfidence, codes[lesion.confidence]),
      coded('CONTAINS', codes.changeSincePrior, codes[lesion.change]),
      ...(lesion.sinceBaseline
        ? [coded('CONTAINS', codes.changeSinceFirst, codes[lesion.sinceBaseline.category])]
        : []),
      ...baselineCategory(lesion, input),
      ...(lesion.mergedFrom.length > 0 ? [text('CONTAINS', codes.mergedFrom, names(lesion.mergedFrom))] : []),
      ...(lesion.splitFrom ? [text('CONTAINS', codes.splitFrom, names([lesion.splitFrom]))] : []),
    ],
    '1411',
  );
}

const names = (lesions: readonly LesionIdentity[]): string => lesions.map(({ trackingID }) => trackingID).join(', ');

const fates = {
  'not visualised': codes.notVisualised,
  merged: codes.merged,
  'outside the field of view': codes.outsideFieldOfView,
};

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
