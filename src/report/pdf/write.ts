import type { Dataset } from '../../dicom/dataset.js';
import { SOPClass } from '../../dicom/uid.js';
import { codeItem, codes } from '../codes.js';
import type { TimePointImages } from '../picture/time-point-picture.js';
import { seal } from '../seal.js';
import { equipment, resultSeries } from '../series-and-equipment.js';
import { distinctInstances } from '../instance-references.js';
import type { ReportInput, WrittenObject } from '../report-input.js';
import { drawLesionsPage } from './lesions-page.js';
import { drawOverviewPage } from './overview-page.js';
import { drawPageFrame } from './page-frame.js';
import { drawDocument } from './sheet.js';
import { wordings } from '../wording/language.js';
import { acquiredAt, patientAndStudy, required, calendarDate } from '../source-attributes.js';

/**
 * The tumour board sheet, two pages, as an Encapsulated PDF in the source study. It says what the SR says, in pictures
 * and curves; if it must leave something out for lack of room, it says how much.
 *
 * @param images of the same time point, in one patient space.
 * @throws PrioraError DICOM_INVALID_OUTPUT, DICOM_MISSING_ATTRIBUTE
 * @see PS3.3 A.45.1, C.24
 */
export function writeEncapsulatedPdf(input: ReportInput, images: TimePointImages): WrittenObject {
  const { source, prior, software } = input;
  const { header } = source;
  const { date, time } = acquiredAt(header);
  const document = drawBoardSheet(input, images);
  const padded = new Uint8Array(document.length + (document.length % 2));
  padded.set(document);
  const dataset: Dataset = {
    SOPClassUID: SOPClass.EncapsulatedPDFStorage,
    ...patientAndStudy(header),
    ...resultSeries(
      header,
      {
        Modality: 'DOC',
        SeriesNumber: 9007,
        kind: 'PDF',
      },
      input,
    ),
    ...equipment(software),
    ConversionType: 'WSD',
    AcquisitionDateTime: `${date}${time}`,
    BurnedInAnnotation: 'YES',
    RecognizableVisualFeatures: 'NO',
    DocumentTitle: wordings[input.language].sheet.title,
    ConceptNameCodeSequence: [codeItem(codes.imagingMeasurementReport)],
    SourceInstanceSequence: [
      ...distinctInstances(source.frames),
      ...(prior?.registration.verdict === 'accepted' ? distinctInstances(prior.frames) : []),
    ],
    MIMETypeOfEncapsulatedDocument: 'application/pdf',
    EncapsulatedDocumentLength: document.length,
    EncapsulatedDocument: padded.buffer,
    _vrMap: { EncapsulatedDocument: 'OB' },
  };
  return seal(dataset);
}

/** The PDF itself. */
export function drawBoardSheet(input: ReportInput, images: TimePointImages): Buffer {
  const { source, software } = input;
  const { header } = source;
  const pages = 2;
  const language = wordings[input.language];
  return drawDocument(
    language,
    {
      title: language.sheet.title,
      subject: required(header, 'StudyInstanceUID'),
      author: `${software.name} ${software.version}`,
      date: calendarDate(acquiredAt(header).date)!.toJSDate(),
    },
    [
      (sheet) => drawOverviewPage(sheet, input, images, drawPageFrame(sheet, input, 1, pages)),
      (sheet) => drawLesionsPage(sheet, input, drawPageFrame(sheet, input, 2, pages)),
    ],
  );
}
