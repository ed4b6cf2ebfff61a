import type { Dataset } from '../../dicom/dataset.js';
import type { FindingSite } from '../../model/lesion.js';
import { codeItem, codes } from '../codes.js';
import { confidenceCIELab, findingType, lesionName, lesionState } from '../lesion-label.js';
import type { ReportInput, ReportModel } from '../report-input.js';
import { english } from '../wording/english.js';
import { wordings } from '../wording/language.js';

/** One segment description for each lesion (PS3.3 C.8.20.4). */
export function segments(input: ReportInput): Dataset[] {
  const wording = wordings[input.language];
  return input.lesions.map((lesion, index) => ({
    SegmentNumber: index + 1,
    SegmentLabel: lesionName(lesion, wording),
    SegmentDescription: lesionState(lesion, wording),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: algorithmName(input),
    SegmentedPropertyCategoryCodeSequence: [codeItem(codes.morphologicallyAbnormalStructure)],
    SegmentedPropertyTypeCodeSequence: [codeItem(findingType(lesion))],
    AnatomicRegionSequence: [anatomicRegion(lesion.site)],
    SegmentationAlgorithmIdentificationSequence: [segmentationAlgorithm(input)],
    RecommendedDisplayCIELabValue: confidenceCIELab(lesion.confidence),
    TrackingID: lesion.trackingID,
    TrackingUID: lesion.trackingUID,
  }));
}

/** Lobe or structure with its side (PS3.3 Table 10-7); the brain if the atlas does not say. */
const anatomicRegion = (site: FindingSite | null): Dataset => ({
  ...codeItem(site?.structure ?? codes.brain),
  AnatomicRegionModifierSequence: site?.laterality ? [codeItem(site.laterality)] : undefined,
});

/** The description of everything that is not a lesion: a label map must describe every value that its pixels have. */
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

/** One line that identifies a network in objects that declare no language: the Algorithm Identification Macro's, for machines. */
const modelText = ({ role, name, version, sha256, use }: ReportModel): string =>
  english.model(role, name, version, sha256, use);
