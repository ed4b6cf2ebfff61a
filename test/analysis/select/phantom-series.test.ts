import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { orderSlices } from '../../../src/analysis/assemble/slice-order.js';
import { singleFrame } from '../../../src/analysis/assemble/slice-frame.js';
import { parseFile, writeFile } from '../../../src/dicom/dicom-file.js';
import { dicomSlices } from '../../../src/phantom/dicom-series.js';
import type { PhantomPatient } from '../../../src/phantom/patient.js';
import type { PhantomScan } from '../../../src/phantom/scan.js';
import { demoScanner, randomScanner, scannerGrid } from '../../../src/phantom/scanner.js';
import { selectSeries } from '../../../src/analysis/select/select-series.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { selectionRulesSchema } from '../../../src/analysis/select/selection-rules.js';
import { seriesHeader } from '../../../src/analysis/select/series-header.js';
import { emptyVolume } from '../../../src/imaging/volume.js';

const rules = loadMapping(
  resolve(import.meta.dirname, '../../../mappings/series-selection.yaml'),
  selectionRulesSchema,
);

it.each([
  ['the demonstration’s', demoScanner(1)],
  ['an axial or sagittal one of the archive', randomScanner(2)],
  ['another', randomScanner(5)],
])('a phantom series of %s scanner is selected and is an even stack on its grid', (_, scanner) => {
  // Headers only: dicomSlices uses the patient's seed and dates, and the image's grid.
  const patient = { seed: 3, days: [0, 90] } as unknown as PhantomPatient;
  const image = emptyVolume(scannerGrid(scanner));
  const datasets = dicomSlices(patient, 1, scanner, { image } as PhantomScan).map(
    (dataset) => parseFile(writeFile(dataset), { stopAtPixelData: true }).dataset,
  );
  const header = seriesHeader(datasets);
  const selection = selectSeries([header], rules);
  expect(selection.verdicts[0].failures).toEqual([]);
  expect(selection.selected).toBe(header.SeriesInstanceUID);
  const { patientFromVoxel } = orderSlices(datasets.map(singleFrame), 10);
  patientFromVoxel.forEach((value, index) => expect(value).toBeCloseTo(image.patientFromVoxel[index], 4));
});
