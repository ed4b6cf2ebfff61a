import { PrioraError } from '../../core/errors.js';
import type { Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { codes } from '../codes.js';
import { seal } from '../seal.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { patientAndStudy } from '../source-attributes.js';
import { composite, image, rootContainer, text } from '../sr/content-item.js';
import { deviceObserver } from '../sr/observation-context.js';
import type { ObjectReference, Software, WrittenObject } from '../report-input.js';
import { wordings, type Language } from '../wording/language.js';
import { evidence } from '../instance-references.js';

/** SOP classes of ours that are images; the others are referred to as composite objects. */
const images: readonly string[] = [SOPClass.SegmentationStorage, SOPClass.LabelMapSegmentationStorage];

export interface RejectionInput {
  /** Header of the source series: the note lives in its study. */
  readonly header: Dataset;
  /** Our own earlier objects that newer ones supersede; all of one patient. */
  readonly superseded: readonly ObjectReference[];
  readonly software: Software;
  readonly demonstration: boolean;
  readonly language: Language;
}

/**
 * A key object selection by which a PACS retires objects that newer ones supersede (IHE RAD TF-2, Imaging Object Change
 * Management). Its title is "Rejected for Quality Reasons": the old result came from inferior input (a slice short, no
 * prior yet) and must give way to the new one. The other titles of CID 7010 would say something false: the objects are
 * no danger to the patient, belong to the right worklist entry, and have not reached their retention date.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT if nothing is superseded.
 * @see PS3.16 TID 2010, CID 7010
 */
export function writeRejectionNote(input: RejectionInput): WrittenObject {
  const { header, superseded, software } = input;
  if (superseded.length === 0) throw new PrioraError('DICOM_INVALID_OUTPUT', 'a rejection note needs an object');
  const reference = ({ SOPClassUID, SOPInstanceUID }: ObjectReference): Dataset => ({
    ReferencedSOPClassUID: SOPClassUID,
    ReferencedSOPInstanceUID: SOPInstanceUID,
  });
  return seal({
    SOPClassUID: SOPClass.KeyObjectSelectionDocumentStorage,
    ...patientAndStudy(header),
    ...resultSeries(header, { Modality: 'KO', SeriesNumber: 9003, kind: 'RejectionNote' }, input),
    ReferencedPerformedProcedureStepSequence: [],
    ...equipment(software),
    CurrentRequestedProcedureEvidenceSequence: evidence(
      superseded.map((object) => ({ ...object, instances: [reference(object)] })),
    ),
    ...rootContainer(codes.rejectedForQualityReasons, '2010', [
      ...deviceObserver(software),
      text('CONTAINS', codes.keyObjectDescription, wordings[input.language].objects.superseded),
      ...superseded.map((object) =>
        images.includes(object.SOPClassUID)
          ? image('CONTAINS', undefined, reference(object))
          : composite('CONTAINS', reference(object)),
      ),
    ]),
  });
}
