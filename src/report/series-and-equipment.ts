import type { Dataset } from '../dicom/dataset.js';
import { codeItem, codes } from './codes.js';
import { acquiredAt } from './source-attributes.js';
import type { Software } from './types.js';

/** What every demonstration result says wherever it can be read. */
export const demonstrationText = 'demonstration weights, not for clinical use';
/** What every other result says: the software is no medical device. */
export const researchText = 'research use only';

/** Series and content attributes of a result; its SeriesInstanceUID comes when the object is sealed. */
export function resultSeries(
  header: Dataset,
  series: {
    Modality: 'SEG' | 'SR' | 'KO' | 'RTSTRUCT' | 'REG' | 'DOC';
    SeriesNumber: number;
    description: string;
    demonstration: boolean;
  },
): Dataset {
  const { date, time } = acquiredAt(header);
  return {
    Modality: series.Modality,
    SeriesNumber: String(series.SeriesNumber),
    SeriesDate: date,
    SeriesTime: time,
    SeriesDescription: `${series.description} - ${series.demonstration ? demonstrationText : researchText}`,
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
