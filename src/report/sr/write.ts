import type { Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { codes, privateScheme } from '../codes.js';
import { lesionPixels } from '../lesion-pixels.js';
import { seal } from '../seal.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { patientAndStudy, required } from '../source-attributes.js';
import type { ReportInput, WrittenObject } from '../report-input.js';
import { container, rootContainer } from './content-item.js';
import { wordings } from '../wording/language.js';
import { imageLibrary } from './image-library.js';
import { measurementGroup } from './lesion-groups.js';
import { qualitativeEvaluations } from './qualitative-evaluations.js';
import { responseEvaluation } from './response-evaluation.js';
import { distinctInstances, evidence } from '../instance-references.js';
import { observationContext, algorithm } from './observation-context.js';

/**
 * The report of one time point: Comprehensive 3D SR, TID 1500, in the source study. One TID 1411 group for each lesion;
 * as qualitative evaluations, what became of those not found now and what holds for the whole (found or not, prior used
 * or not and how well it registered, models, limits of the input); and the response. Without lesions it says so.
 *
 * @param segmentation the object of {@link writeSegmentation} for the same input; null if there are no lesions.
 * @throws PrioraError DICOM_INVALID_OUTPUT, DICOM_MISSING_ATTRIBUTE
 * @see PS3.16 TID 1500, 1411, 1419, 1502, 4019
 */
export function writeReport(input: ReportInput, segmentation: WrittenObject | null): WrittenObject {
  const { source, prior, lesions, predecessor } = input;
  const { header } = source;
  const StudyInstanceUID = required(header, 'StudyInstanceUID');
  const sourceSeries = {
    StudyInstanceUID,
    SeriesInstanceUID: required(header, 'SeriesInstanceUID'),
    instances: distinctInstances(source.frames),
  };
  const segmentationSeries = segmentation && {
    StudyInstanceUID,
    SeriesInstanceUID: segmentation.SeriesInstanceUID,
    instances: [
      { ReferencedSOPClassUID: segmentation.SOPClassUID, ReferencedSOPInstanceUID: segmentation.SOPInstanceUID },
    ],
  };
  const priorSeries = prior && { ...prior, instances: distinctInstances(prior.frames) };
  const pixels = lesionPixels(input.labels);
  const groups = lesions.map((lesion, index) =>
    measurementGroup(lesion, index + 1, input, segmentation!, new Set(pixels.get(lesion.number)?.keys())),
  );
  const dataset: Dataset = {
    SOPClassUID: SOPClass.Comprehensive3DSRStorage,
    ...patientAndStudy(header),
    ...resultSeries(
      header,
      {
        Modality: 'SR',
        SeriesNumber: 9002,
        kind: 'SR',
      },
      input,
    ),
    ReferencedPerformedProcedureStepSequence: [],
    ...equipment(input.software),
    CodingSchemeIdentificationSequence: [privateScheme],
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PerformedProcedureCodeSequence: [],
    PredecessorDocumentsSequence:
      predecessor &&
      evidence([
        {
          ...predecessor,
          instances: [
            {
              ReferencedSOPClassUID: predecessor.SOPClassUID,
              ReferencedSOPInstanceUID: predecessor.SOPInstanceUID,
            },
          ],
        },
      ]),
    CurrentRequestedProcedureEvidenceSequence: evidence(
      segmentationSeries ? [sourceSeries, segmentationSeries] : [sourceSeries],
    ),
    PertinentOtherEvidenceSequence: priorSeries ? evidence([priorSeries]) : undefined,
    ...rootContainer(codes.imagingMeasurementReport, '1500', [
      ...observationContext(input),
      imageLibrary(input),
      container(codes.imagingMeasurements, [...algorithm(input), ...groups]),
      qualitativeEvaluations(input),
      ...(input.response ? [responseEvaluation(input.response, wordings[input.language])] : []),
    ]),
  };
  return seal(dataset);
}
