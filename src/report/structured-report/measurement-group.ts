import type { Segment3d, TrackedLesion } from '../../findings/lesion.js';
import { codes, type Code } from '../codes.js';
import { roundedDecimalString } from '../decimal-string.js';
import { modelText } from '../model-text.js';
import { frameOfReferenceUID } from '../source-attributes.js';
import { instancesWithFrames } from '../source-instances.js';
import type { ReportInput, WrittenObject } from '../types.js';
import { coded, container, image, numeric, polyline, text, uidReference, type ContentItem } from './content-item.js';

/**
 * One lesion as a volumetric ROI (TID 1411). Identity comes before every other UID reference, because OHIF takes a
 * group's first UIDREF for it; each number has a child, because OHIF stops at one that has none.
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
  const { timePoint, source } = input;
  const frames = source.frames.filter(({ k }) => slices.has(k));
  const FrameOfReferenceUID = frameOfReferenceUID(source.header);
  const axis = (concept: Code, lengthMm: number, ends: Segment3d) =>
    numeric('CONTAINS', concept, roundedDecimalString(lengthMm, 2), codes.millimetre, [
      polyline('INFERRED FROM', codes.path, ends, FrameOfReferenceUID),
    ]);
  const site = coded('HAS CONCEPT MOD', codes.findingSite, codes.brain);
  return container(
    codes.measurementGroup,
    [
      text('HAS OBS CONTEXT', codes.trackingIdentifier, lesion.trackingID),
      uidReference('HAS OBS CONTEXT', codes.trackingUniqueIdentifier, lesion.trackingUID),
      coded('CONTAINS', codes.findingCategory, codes.morphologicallyAbnormalStructure),
      coded('CONTAINS', codes.finding, codes.metastasis),
      text('HAS OBS CONTEXT', codes.timePoint, `Time point ${timePoint.order}`),
      coded(
        'HAS OBS CONTEXT',
        codes.timePointType,
        timePoint.type === 'baseline' ? codes.baselineTimePoint : codes.posttreatment,
      ),
      text('HAS OBS CONTEXT', codes.subjectTimePoint, String(timePoint.order)),
      image('CONTAINS', codes.referencedSegment, {
        ReferencedSOPClassUID: segmentation.SOPClassUID,
        ReferencedSOPInstanceUID: segmentation.SOPInstanceUID,
        ReferencedSegmentNumber: segmentNumber,
      }),
      ...instancesWithFrames(frames).map((reference) => image('CONTAINS', codes.sourceImageForSegmentation, reference)),
      site,
      ...algorithm(input),
      numeric('CONTAINS', codes.volume, roundedDecimalString(lesion.volumeMm3, 2), codes.cubicMillimetre, [
        coded('HAS CONCEPT MOD', codes.measurementMethod, codes.sumOfVoxelVolumes),
      ]),
      axis(codes.longAxis, lesion.longAxisMm, lesion.longAxis),
      axis(codes.shortAxis, lesion.shortAxisMm, lesion.shortAxis),
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
      coded('CONTAINS', codes.detectionConfidence, codes[lesion.confidence]),
      coded('CONTAINS', codes.changeSincePrior, codes[lesion.change]),
    ],
    '1411',
  );
}

/** TID 4019: what measured, and with which networks. */
const algorithm = ({ software, models }: ReportInput): ContentItem[] => [
  text('HAS CONCEPT MOD', codes.algorithmName, software.name),
  text('HAS CONCEPT MOD', codes.algorithmVersion, software.version),
  ...models.map((model) => text('HAS CONCEPT MOD', codes.algorithmParameters, modelText(model))),
];
