import { PrioraError } from '../../core/errors.js';
import { SOPClass } from '../../dicom/uid.js';
import { codes } from '../codes.js';
import { seal } from '../seal.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { patientAndStudy, required } from '../source-attributes.js';
import { image, rootContainer, text } from '../sr/content-item.js';
import { deviceObserver } from '../sr/observation-context.js';
import type { ReportInput, WrittenObject } from '../report-input.js';
import { wordings } from '../wording/language.js';
import { distinctInstances, instancesWithFrames, evidence } from '../instance-references.js';
import { lesionName } from '../lesion-label.js';

/**
 * A key object selection, "Of Interest": for each lesion the source slice that holds most of it, in the order of the
 * slices; a slice that several lesions share is named once. The description says which lesion is on which image.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT if there are no lesions; DICOM_MISSING_ATTRIBUTE.
 * @see PS3.16 TID 2010, CID 7010
 */
export function writeKeyImages(input: ReportInput): WrittenObject {
  const { source, lesions } = input;
  const wording = wordings[input.language];
  const { header } = source;
  const chosen = new Set(lesions.map(({ sourceSlice }) => sourceSlice));
  const frames = source.frames.filter(({ k }) => chosen.has(k));
  if (frames.length === 0) throw new PrioraError('DICOM_INVALID_OUTPUT', 'a selection of key images needs a lesion');
  const onImage = frames.map(({ k }, index) => {
    const names = lesions
      .filter(({ sourceSlice }) => sourceSlice === k)
      .map((lesion) => `${lesionName(lesion, wording)}: ${wording.changes[lesion.change]}`);
    return wording.objects.image(index + 1, names.join(', '));
  });
  return seal({
    SOPClassUID: SOPClass.KeyObjectSelectionDocumentStorage,
    ...patientAndStudy(header),
    ...resultSeries(
      header,
      {
        Modality: 'KO',
        SeriesNumber: 9008,
        kind: 'KOS',
      },
      input,
    ),
    ReferencedPerformedProcedureStepSequence: [],
    ...equipment(input.software),
    CurrentRequestedProcedureEvidenceSequence: evidence([
      {
        StudyInstanceUID: required(header, 'StudyInstanceUID'),
        SeriesInstanceUID: required(header, 'SeriesInstanceUID'),
        instances: distinctInstances(frames),
      },
    ]),
    ...rootContainer(codes.ofInterest, '2010', [
      ...deviceObserver(input.software),
      text('CONTAINS', codes.keyObjectDescription, [wording.objects.keyImages, ...onImage].join(' ')),
      ...frames
        .flatMap((frame) => instancesWithFrames([frame]))
        .map((reference) => image('CONTAINS', undefined, reference)),
    ]),
  });
}
