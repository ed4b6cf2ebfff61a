import type { Dataset } from '../../dicom/dataset.js';
import type { TrackedLesion } from '../../model/lesion.js';
import { codeItem, codes } from '../codes.js';
import { confidenceCIELab } from '../confidence-colour.js';
import { modelText } from '../model-text.js';
import type { ReportInput } from '../types.js';
import type { Wording } from '../wording/english.js';
import { wordings } from '../wording/language.js';

/** `Metastasis 1` for what both networks see, `Candidate 2` for what is left to the reader. */
export const segmentLabel = (
  { confidence, number }: Pick<TrackedLesion, 'confidence' | 'number'>,
  { objects }: Wording,
): string => `${objects.segment[confidence]} ${number}`;

/** How sure a lesion is and what became of it, e.g. `confirmed, grown`. */
export const segmentState = (
  { confidence, change }: Pick<TrackedLesion, 'confidence' | 'change'>,
  { confidences, changes }: Wording,
): string => `${confidences[confidence]}, ${changes[change]}`;

/** One segment description for each lesion (PS3.3 C.8.20.4). */
export function segments(input: ReportInput): Dataset[] {
  const wording = wordings[input.language];
  return input.lesions.map((lesion, index) => ({
    SegmentNumber: index + 1,
    SegmentLabel: segmentLabel(lesion, wording),
    SegmentDescription: `${lesion.trackingID}: ${segmentState(lesion, wording)}`,
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: algorithmName(input),
    SegmentedPropertyCategoryCodeSequence: [codeItem(codes.morphologicallyAbnormalStructure)],
    SegmentedPropertyTypeCodeSequence: [codeItem(codes.metastasis)],
    AnatomicRegionSequence: [codeItem(codes.brain)],
    SegmentationAlgorithmIdentificationSequence: [segmentationAlgorithm(input)],
    RecommendedDisplayCIELabValue: confidenceCIELab(lesion.confidence),
    TrackingID: lesion.trackingID,
    TrackingUID: lesion.trackingUID,
  }));
}

/** The description of what is no lesion: a label map must describe every value its pixels have. */
export const backgroundSegment = (input: ReportInput, number: number): Dataset => ({
  SegmentNumber: number,
  SegmentLabel: 'Background',
  SegmentAlgorithmType: 'AUTOMATIC',
  SegmentAlgorithmName: algorithmName(input),
  SegmentedPropertyCategoryCodeSequence: [codeItem(codes.spatialConcept)],
  SegmentedPropertyTypeCodeSequence: [codeItem(codes.background)],
});

const algorithmName = ({ software }: ReportInput): string => `${software.name} ${software.version}`;

/** Algorithm Identification Macro (PS3.3 Table 10-19): the software and the networks in it. */
export const segmentationAlgorithm = ({ software, models }: ReportInput): Dataset => ({
  AlgorithmFamilyCodeSequence: [codeItem(codes.artificialIntelligence)],
  AlgorithmName: software.name,
  AlgorithmVersion: software.version,
  AlgorithmParameters: models.map(modelText).join('\n'),
  AlgorithmSource: software.name,
});
