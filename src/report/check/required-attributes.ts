import { text, type Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { isEmpty } from './values.js';

const words = (list: string): string[] => list.split(/\s+/);

const everywhere = words(
  'SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality SpecificCharacterSet InstanceNumber Manufacturer SeriesNumber',
);
const segmentation =
  words(`ContentDate ContentTime FrameOfReferenceUID ImageType Rows Columns NumberOfFrames SamplesPerPixel
  PhotometricInterpretation BitsAllocated BitsStored HighBit PixelRepresentation PixelData SegmentationType SegmentSequence
  SegmentsOverlap ContentLabel LossyImageCompression SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
  DimensionOrganizationSequence DimensionIndexSequence ReferencedSeriesSequence ManufacturerModelName DeviceSerialNumber
  SoftwareVersions`);
const keyObjects =
  words(`ContentDate ContentTime ValueType ConceptNameCodeSequence ContentTemplateSequence ContentSequence
  ContinuityOfContent CurrentRequestedProcedureEvidenceSequence`);

/** Type 1 attributes at the top of each kind of object (PS3.3 A.51, A.35.13, A.35.4, A.19, A.39.1). */
const typeOne: Record<string, readonly string[] | undefined> = {
  [SOPClass.SegmentationStorage]: segmentation,
  [SOPClass.LabelMapSegmentationStorage]: [...segmentation, 'PixelPaddingValue'],
  [SOPClass.Comprehensive3DSRStorage]: [
    ...keyObjects,
    ...words('CompletionFlag VerificationFlag ManufacturerModelName DeviceSerialNumber SoftwareVersions'),
  ],
  [SOPClass.KeyObjectSelectionDocumentStorage]: keyObjects,
  [SOPClass.RTStructureSetStorage]: words(`StructureSetLabel ReferencedFrameOfReferenceSequence StructureSetROISequence
    ROIContourSequence RTROIObservationsSequence`),
  [SOPClass.EncapsulatedPDFStorage]: words(`ConversionType BurnedInAnnotation MIMETypeOfEncapsulatedDocument
    EncapsulatedDocument EncapsulatedDocumentLength SourceInstanceSequence`),
  [SOPClass.SpatialRegistrationStorage]:
    words(`ContentDate ContentTime FrameOfReferenceUID ContentLabel RegistrationSequence
    ReferencedSeriesSequence`),
};

const typeTwoEverywhere = words(
  'PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber ReferringPhysicianName',
);
/** Type 2 besides those: present, though possibly empty. */
const typeTwo: Record<string, readonly string[] | undefined> = {
  [SOPClass.RTStructureSetStorage]: words('OperatorsName StructureSetDate StructureSetTime'),
  [SOPClass.SpatialRegistrationStorage]: words('ContentDescription ContentCreatorName PositionReferenceIndicator'),
  [SOPClass.EncapsulatedPDFStorage]: words(
    'ContentDate ContentTime AcquisitionDateTime DocumentTitle ConceptNameCodeSequence',
  ),
};

/** What must be present, and have a value if it is of type 1. A class that we do not write is itself a violation. */
export function checkRequired(dataset: Dataset, breaches: string[]): void {
  const SOPClassUID = text(dataset, 'SOPClassUID') ?? '';
  const ofClass = typeOne[SOPClassUID];
  if (!ofClass) breaches.push(`SOP class ${SOPClassUID} is none of ours`);
  for (const keyword of [...everywhere, ...(ofClass ?? [])])
    if (isEmpty(dataset[keyword])) breaches.push(`${keyword} is missing`);
  for (const keyword of [...typeTwoEverywhere, ...(typeTwo[SOPClassUID] ?? [])])
    if (!(keyword in dataset)) breaches.push(`${keyword} is missing`);
}
