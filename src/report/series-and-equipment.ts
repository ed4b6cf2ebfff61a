import type { Dataset } from '../dicom/dataset.js';
import { codeItem, codes } from './codes.js';
import { acquiredAt } from './source-attributes.js';
import type { ReportInput, Software } from './report-input.js';
import { wordings } from './wording/language.js';
import type { SeriesOfKind } from './wording/objects-english.js';

/**
 * Series and content attributes of a result; its SeriesInstanceUID is added when the object is sealed. The description
 * ends with what the result may be used for.
 */
export function resultSeries(
  header: Dataset,
  series: {
    Modality: 'SEG' | 'SR' | 'KO' | 'RTSTRUCT' | 'REG' | 'DOC';
    SeriesNumber: number;
    kind: SeriesOfKind;
  },
  { language, demonstration }: Pick<ReportInput, 'language' | 'demonstration'>,
): Dataset {
  const { objects } = wordings[language];
  const { date, time } = acquiredAt(header);
  return {
    Modality: series.Modality,
    SeriesNumber: String(series.SeriesNumber),
    SeriesDate: date,
    SeriesTime: time,
    SeriesDescription: demonstration
      ? `${objects.demonstrationSeries[series.kind]} - ${objects.demonstration}`
      : `${objects.series[series.kind]} - ${objects.research}`,
    InstanceNumber: '1',
    ContentDate: date,
    ContentTime: time,
  };
}

/** Enhanced General Equipment and Contributing Equipment (PS3.3 C.7.5.2, C.12.1.1.5). */
export function equipment({ name, version }: Software): Dataset {
  const device = {
    Manufacturer: name,
    ManufacturerModelName: name,
    DeviceSerialNumber: `${name}-${version}`,
    SoftwareVersions: version,
  };
  return {
    ...device,
    ContributingEquipmentSequence: [
      { PurposeOfReferenceCodeSequence: [codeItem(codes.processingEquipment)], ...device },
    ],
  };
}
