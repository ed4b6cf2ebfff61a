import type { Dataset } from '../../../src/dicom/dataset.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { SOPClass } from '../../../src/dicom/uid.js';
import type { SeriesRow, Store } from '../../../src/store/store.js';
import { addInstance, addSeries } from '../../store/temporary-store.js';

/** Adds a series of 20 slices of 16 × 16 mm, 1 mm apart, each brighter than the one before, whose files can be assembled. */
export function addReadableSeries(
  store: Store,
  dataDir: string,
  given: { study: string; acquiredAt: number; state?: SeriesRow['state']; attributes?: Dataset },
): SeriesRow {
  const series = addSeries(store, given);
  const { SeriesInstanceUID, StudyInstanceUID } = series;
  for (let slice = 1; slice <= 20; slice++) {
    const bytes = writeFile({
      SpecificCharacterSet: 'ISO_IR 192',
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: `${SeriesInstanceUID}.${slice}`,
      StudyInstanceUID,
      SeriesInstanceUID,
      // Nobody scanned anyone that day.
      StudyDate: '19000101',
      InstanceNumber: slice,
      Modality: 'MR',
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      ImagePositionPatient: [0, 0, slice],
      PixelSpacing: [1, 1],
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: 16,
      Columns: 16,
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      PixelData: [new Uint16Array(256).fill(slice).buffer],
      _vrMap: { PixelData: 'OW' },
      ...given.attributes,
    });
    addInstance(store, dataDir, { SeriesInstanceUID, InstanceNumber: slice, bytes });
  }
  return series;
}
