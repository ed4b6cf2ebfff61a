import type { Dataset } from '../../dicom/dataset.js';
import type { TrackedLesion } from '../../findings/lesion.js';
import { codeItem, codes } from '../codes.js';
import { modelText } from '../model-text.js';
import type { ReportInput } from '../types.js';

/** CIELab as DICOM scales it: L 0…100, a and b −128…127, each to 0…65535 (PS3.3 C.10.7.1.1). */
const cieLab = (l: number, a: number, b: number): number[] => [
  Math.round((l / 100) * 65535),
  Math.round(((a + 128) / 255) * 65535),
  Math.round(((b + 128) / 255) * 65535),
];
/** Red and yellow: apart also for eyes that tell red and green badly. */
const colour = { confirmed: cieLab(54, 78, 66), candidate: cieLab(88, -4, 83) };

/** `Metastasis 1` for what both networks see, `Candidate 2` for what is left to the reader. */
export const segmentLabel = ({ confidence, number }: Pick<TrackedLesion, 'confidence' | 'number'>): string =>
  `${confidence === 'confirmed' ? 'Metastasis' : 'Candidate'} ${number}`;

/** One segment description for each lesion (PS3.3 C.8.20.4). */
export function segments({ lesions, software, models }: ReportInput): Dataset[] {
  return lesions.map((lesion, index) => ({
    SegmentNumber: index + 1,
    SegmentLabel: segmentLabel(lesion),
    SegmentDescription: `${lesion.trackingID}: ${lesion.confidence}, ${lesion.change}`,
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: `${software.name} ${software.version}`,
    SegmentedPropertyCategoryCodeSequence: [codeItem(codes.morphologicallyAbnormalStructure)],
    SegmentedPropertyTypeCodeSequence: [codeItem(codes.metastasis)],
    AnatomicRegionSequence: [codeItem(codes.brain)],
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [codeItem(codes.artificialIntelligence)],
        AlgorithmName: software.name,
        AlgorithmVersion: software.version,
        AlgorithmParameters: models.map(modelText).join('\n'),
        AlgorithmSource: software.name,
      },
    ],
    RecommendedDisplayCIELabValue: colour[lesion.confidence],
    TrackingID: lesion.trackingID,
    TrackingUID: lesion.trackingUID,
  }));
}
