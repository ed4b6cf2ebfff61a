import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { noteSelection, selectForAnalysis } from '../../../src/analysis/case/select-for-analysis.js';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { writeFile } from '../../../src/dicom/dicom-file.js';
import { SOPClass } from '../../../src/dicom/uid.js';
import { selectionRulesSchema } from '../../../src/analysis/select/selection-rules.js';
import { addInstance, addSeries, temporaryFolder, temporaryStore } from '../../store/temporary-store.js';

const rules = loadMapping(
  resolve(import.meta.dirname, '../../../mappings/series-selection.yaml'),
  selectionRulesSchema,
);
const StudyInstanceUID = '1.2.7';
const dataDir = temporaryFolder();
let store: ReturnType<typeof temporaryStore>;

beforeEach(() => {
  store = temporaryStore();
});
afterEach(() => store.close());

/** A series of the study in the index, with one file for each of `files`. */
function add(SeriesInstanceUID: string, files: readonly Buffer[]): void {
  addSeries(store, { study: StudyInstanceUID, SeriesInstanceUID, state: 'assembled' });
  files.forEach((bytes, index) => addInstance(store, dataDir, { SeriesInstanceUID, InstanceNumber: index + 1, bytes }));
}

const slice = (SeriesInstanceUID: string, InstanceNumber: number) =>
  writeFile({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: SOPClass.MRImageStorage,
    SOPInstanceUID: `${SeriesInstanceUID}.${InstanceNumber}`,
    StudyInstanceUID,
    SeriesInstanceUID,
    InstanceNumber,
    Modality: 'MR',
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    ImagePositionPatient: [0, 0, InstanceNumber],
  });

const select = async (force = true) => {
  const selection = await selectForAnalysis(store, dataDir, StudyInstanceUID, rules, { priorKind: undefined, force });
  noteSelection(store, selection);
  return selection;
};
const stateOf = (SeriesInstanceUID: string) => store.series.find(SeriesInstanceUID)!.state;

it('a series that is no longer selected is no longer used as a prior', async () => {
  add('1.2.7.1', [slice('1.2.7.1', 1)]);
  add('1.2.7.2', [slice('1.2.7.2', 1), slice('1.2.7.2', 2)]);
  expect((await select()).series?.SeriesInstanceUID).toBe('1.2.7.2');
  expect([stateOf('1.2.7.1'), stateOf('1.2.7.2')]).toEqual(['complete', 'assembled']);
  expect((await select(false)).series).toBeNull();
  expect(stateOf('1.2.7.2')).toBe('complete');
});

it('a series with an unreadable instance is refused by name, and the others are analysed', async () => {
  const broken = slice('1.2.7.1', 2);
  add('1.2.7.1', [slice('1.2.7.1', 1), broken.subarray(0, broken.length - 5)]);
  add('1.2.7.2', [slice('1.2.7.2', 1)]);
  const { series, verdicts } = await select();
  expect(series?.SeriesInstanceUID).toBe('1.2.7.2');
  const refused = verdicts.find(({ SeriesInstanceUID }) => SeriesInstanceUID === '1.2.7.1')!;
  expect(refused).toMatchObject({ accepted: false, score: 0 });
  expect(refused.failures.join()).toContain('1.2.7.1.2.dcm');
  expect(store.series.find('1.2.7.1')!.selection).toMatchObject({ accepted: false });
});
