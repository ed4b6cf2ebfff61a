import { PrioraError } from '../../core/errors.js';
import type { Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { identityAffine, invertAffine, type Affine } from '../../imaging/affine.js';
import { codeItem, codes, type Code } from '../codes.js';
import { decimalString } from '../decimal-string.js';
import { seal } from '../seal.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { frameOfReferenceUID, patientAndStudy, required } from '../source-attributes.js';
import { distinctInstances, instancesWithFrames } from '../instance-references.js';
import type { ReportInput, WrittenObject } from '../report-input.js';

/**
 * How the prior lies in the current study's patient space, as a viewer needs it to show both side by side: the
 * registered space is the current one, whose own item is the identity, and the prior's matrix takes its coordinates
 * there. Each item names its images, too, so that it also holds if a scanner gave both studies one frame of reference.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT if no prior was used; DICOM_MISSING_ATTRIBUTE.
 * @see PS3.3 A.39.1, C.20.2
 */
export function writeSpatialRegistration(input: ReportInput): WrittenObject {
  const { source, prior } = input;
  const { header } = source;
  if (prior?.registration.verdict !== 'accepted')
    throw new PrioraError('DICOM_INVALID_OUTPUT', 'a spatial registration needs a registered prior');
  const { priorFromCurrent, similarity } = prior.registration;
  const FrameOfReferenceUID = frameOfReferenceUID(header);
  return seal({
    SOPClassUID: SOPClass.SpatialRegistrationStorage,
    ...patientAndStudy(header),
    ...resultSeries(
      header,
      {
        Modality: 'REG',
        SeriesNumber: 9006,
        kind: 'REG',
      },
      input,
    ),
    BodyPartExamined: 'BRAIN',
    FrameOfReferenceUID,
    PositionReferenceIndicator: '',
    ...equipment(input.software),
    ContentLabel: 'PRIOR_TO_CURRENT',
    ContentDescription: 'Rigid registration of the prior study to the current study',
    ContentCreatorName: 'Priora^Software',
    RegistrationSequence: [
      {
        FrameOfReferenceUID,
        ReferencedImageSequence: instancesWithFrames(source.frames),
        MatrixRegistrationSequence: [rigid(identityAffine, codes.frameOfReferenceIdentity)],
      },
      {
        FrameOfReferenceUID: prior.frameOfReferenceUID,
        ReferencedImageSequence: instancesWithFrames(prior.frames),
        MatrixRegistrationSequence: [
          {
            FrameOfReferenceTransformationComment: `Mutual information within the brain; similarity ${similarity.toFixed(3)}`,
            ...rigid(invertAffine(priorFromCurrent), codes.imageContentBasedAlignment),
          },
        ],
      },
    ],
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: required(header, 'SeriesInstanceUID'),
        ReferencedInstanceSequence: distinctInstances(source.frames),
      },
    ],
    StudiesContainingOtherReferencedInstancesSequence: [
      {
        StudyInstanceUID: prior.StudyInstanceUID,
        ReferencedSeriesSequence: [
          { SeriesInstanceUID: prior.SeriesInstanceUID, ReferencedInstanceSequence: distinctInstances(prior.frames) },
        ],
      },
    ],
  });
}

/** One item of a Matrix Registration Sequence: 4×4, row by row, mm. */
const rigid = (registeredFromSource: Affine, type: Code): Dataset => ({
  RegistrationTypeCodeSequence: [codeItem(type)],
  MatrixSequence: [
    {
      FrameOfReferenceTransformationMatrixType: 'RIGID',
      FrameOfReferenceTransformationMatrix: registeredFromSource.map(decimalString),
    },
  ],
});
