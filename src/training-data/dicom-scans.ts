import { assembleSeries } from '../analysis/assemble/assemble-series.js';
import { asPrioraError, PrioraError } from '../core/errors.js';
import { items, text, texts, type Dataset } from '../dicom/dataset.js';
import { readDicomHead } from '../dicom/dicom-file.js';
import { structureSetReferences } from '../dicom/structure-set-reader.js';
import { SOPClass } from '../dicom/uid.js';
import { acquisitionTime, timeAttributes } from '../dicom/acquisition-time.js';
import { selectSeries } from '../analysis/select/select-series.js';
import { seriesHeader, type SeriesHeader } from '../analysis/select/series-header.js';
import type { SelectionRules } from '../analysis/select/selection-rules.js';
import { drawnMetastases } from './drawn-metastases.js';
import type { FoundScans, RefusedScan, Scan } from './scan.js';
import type { TrainingSettings } from './training-settings.js';

/** A segmentation or structure set. */
interface Drawing {
  readonly path: string;
  readonly SOPClassUID: string;
  readonly dataset: Dataset;
  readonly referencedSeries: readonly string[];
  readonly framesOfReference: readonly string[];
}

/** An image series with its files. */
interface Series {
  readonly SeriesInstanceUID: string;
  readonly header: SeriesHeader;
  readonly paths: readonly string[];
  readonly drawings: Drawing[];
}

const drawingClasses: ReadonlySet<string | undefined> = new Set([
  SOPClass.SegmentationStorage,
  SOPClass.LabelMapSegmentationStorage,
  SOPClass.RTStructureSetStorage,
]);
/** As in the node's index: equal PatientIDs of different issuers are different patients. */
const patientOf = (dataset: Dataset) =>
  JSON.stringify([text(dataset, 'IssuerOfPatientID') ?? '', text(dataset, 'PatientID') ?? '']);
/** Writers of segmentations often leave out the issuer. */
const samePatient = (a: Dataset, b: Dataset) =>
  text(a, 'PatientID') === text(b, 'PatientID') &&
  [undefined, text(a, 'IssuerOfPatientID')].includes(text(b, 'IssuerOfPatientID'));

/**
 * The scans in DICOM files of any patients and time points, in any folders. A segmentation or structure set belongs to
 * the series it refers to, or, if that series is not here, to a series in its frame of reference. Of a study, the
 * series with drawings is taken; of a study without drawings, the series the node would select, which serves as a
 * prior. Either must pass the node's series selection.
 *
 * @param zone zone of times that carry none: an IANA name or `local`.
 */
export async function dicomScans(
  files: readonly string[],
  {
    selection,
    settings,
    zone,
  }: { readonly selection: SelectionRules; readonly settings: TrainingSettings; readonly zone: string },
): Promise<FoundScans> {
  const { studies, drawings, refused } = await readHeads(files);
  const series = [...studies.values()].flat();
  for (const drawing of drawings) {
    try {
      seriesOf(drawing, series, selection).drawings.push(drawing);
    } catch (error) {
      refused.push(refusal(error, `object ${text(drawing.dataset, 'SOPInstanceUID') ?? ''}`));
    }
  }
  const patients = new Map<string, Scan[]>();
  for (const [StudyInstanceUID, ofStudy] of studies) {
    const patient = patientOf(ofStudy[0].header.dataset);
    const name = `patient ${text(ofStudy[0].header.dataset, 'PatientID') ?? ''}, study ${StudyInstanceUID}`;
    try {
      const drawnOn = ofStudy.filter((candidate) => candidate.drawings.length > 0);
      const chosen = choose(drawnOn.length > 0 ? drawnOn : ofStudy, selection);
      patients.set(patient, [...(patients.get(patient) ?? []), scanOf(chosen, { patient, name, settings, zone })]);
    } catch (error) {
      refused.push(refusal(error, name));
    }
  }
  for (const scans of patients.values()) scans.sort((a, b) => a.acquiredAt! - b.acquiredAt!);
  return { patients: new Map([...patients].sort(([a], [b]) => (a < b ? -1 : 1))), refused };
}

function refusal(thrown: unknown, name: string): RefusedScan {
  const error = asPrioraError(thrown);
  if (!error.blamesInput && error.class !== 'permanent') throw error;
  return { name, code: error.code, reason: error.message };
}

/** Sorts files into studies of image series, and drawings; anything else is passed over. */
async function readHeads(files: readonly string[]) {
  const groups = new Map<string, { dataset: Dataset; path: string }[]>();
  const drawings: Drawing[] = [];
  const refused: RefusedScan[] = [];
  for (const path of files) {
    let dataset: Dataset;
    try {
      ({ dataset } = await readDicomHead(path));
    } catch (thrown) {
      const { code, message } = asPrioraError(thrown);
      refused.push({ name: path, code, reason: message });
      continue;
    }
    const [SOPClassUID, StudyInstanceUID, SeriesInstanceUID] = [
      'SOPClassUID',
      'StudyInstanceUID',
      'SeriesInstanceUID',
    ].map((keyword) => text(dataset, keyword));
    if (SOPClassUID !== undefined && drawingClasses.has(SOPClassUID)) {
      const references =
        SOPClassUID === SOPClass.RTStructureSetStorage
          ? structureSetReferences(dataset)
          : {
              framesOfReference: texts(dataset, 'FrameOfReferenceUID'),
              referencedSeries: items(dataset, 'ReferencedSeriesSequence').flatMap((series) =>
                texts(series, 'SeriesInstanceUID'),
              ),
            };
      drawings.push({ path, SOPClassUID, dataset, ...references });
    } else if (text(dataset, 'Modality') === 'MR' && SeriesInstanceUID !== undefined) {
      const key = JSON.stringify([StudyInstanceUID, SeriesInstanceUID]);
      groups.set(key, [...(groups.get(key) ?? []), { dataset, path }]);
    }
  }
  const studies = new Map<string, Series[]>();
  for (const [key, images] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [StudyInstanceUID, SeriesInstanceUID] = JSON.parse(key) as [string, string];
    const header = seriesHeader(images.map(({ dataset }) => dataset));
    const series = { SeriesInstanceUID, header, paths: images.map(({ path }) => path), drawings: [] };
    studies.set(StudyInstanceUID, [...(studies.get(StudyInstanceUID) ?? []), series]);
  }
  return { studies, drawings, refused };
}

/** The series on which a drawing was made. */
function seriesOf(drawing: Drawing, all: readonly Series[], selection: SelectionRules): Series {
  const { dataset, referencedSeries, framesOfReference } = drawing;
  const named = all.filter(({ SeriesInstanceUID }) => referencedSeries.includes(SeriesInstanceUID));
  const found =
    named.length > 0
      ? named
      : all.filter(({ header }) => framesOfReference.includes(text(header.dataset, 'FrameOfReferenceUID') ?? ''));
  if (found.length === 0) throw new PrioraError('LABEL_UNUSABLE', 'the series it was drawn on is not among the files');
  const chosen = found.length === 1 ? found[0] : choose(found, selection);
  if (!samePatient(chosen.header.dataset, dataset))
    throw new PrioraError('LABEL_UNUSABLE', 'it was drawn on a series of another patient');
  return chosen;
}

/** @throws PrioraError SERIES_NOT_SELECTED with the reasons for each series. */
function choose(candidates: readonly Series[], rules: SelectionRules): Series {
  const { selected, verdicts } = selectSeries(
    candidates.map(({ header }) => header),
    rules,
    undefined,
  );
  const chosen = candidates.find(({ SeriesInstanceUID }) => SeriesInstanceUID === selected);
  if (chosen) return chosen;
  const reasons = verdicts.map(
    ({ SeriesInstanceUID, failures }) => `series ${SeriesInstanceUID}: ${failures.join(', ')}`,
  );
  throw new PrioraError('SERIES_NOT_SELECTED', reasons.join('; '));
}

/** @throws PrioraError TIME_UNKNOWN; LABEL_UNUSABLE for several drawings where only one is allowed. */
function scanOf(
  { header, paths, drawings }: Series,
  { patient, name, settings, zone }: { patient: string; name: string; settings: TrainingSettings; zone: string },
): Scan {
  const { dataset } = header;
  const time = acquisitionTime(timeAttributes(dataset), zone);
  if (!time) throw new PrioraError('TIME_UNKNOWN', 'the study has no usable date');
  const used = usedDrawings(drawings, settings.severalObjects);
  const uids = [header.SeriesInstanceUID, ...used.map(({ dataset: drawn }) => text(drawn, 'SOPInstanceUID') ?? '')];
  return {
    patient,
    name,
    acquiredAt: time.at,
    identity: JSON.stringify([...uids, paths.length, settings.metastases]),
    source: { name: [...new Set(used.map(({ dataset: drawn }) => text(drawn, 'Modality')))].join(' + '), licence: "the hospital's own" }, // prettier-ignore
    brainOnly: false,
    image: async () => (await assembleSeries(paths)).volume,
    metastases:
      used.length === 0
        ? null
        : async (grid) =>
            (await Promise.all(used.map((drawing) => drawnMetastases(drawing, grid, settings.metastases)))).flat(),
  };
}

function usedDrawings(drawings: readonly Drawing[], rule: TrainingSettings['severalObjects']): readonly Drawing[] {
  if (drawings.length < 2 || rule === 'unite') return drawings;
  if (rule === 'refuse')
    throw new PrioraError(
      'LABEL_UNUSABLE',
      `${drawings.length} segmentations or structure sets refer to one series; severalObjects in mappings/training-data.yaml says what to do`,
    );
  const made = ({ dataset }: Drawing) =>
    ['ContentDate', 'ContentTime', 'StructureSetDate', 'StructureSetTime', 'SOPInstanceUID'].map((keyword) => text(dataset, keyword) ?? '').join(' '); // prettier-ignore
  return [drawings.reduce((newest, drawing) => (made(drawing) > made(newest) ? drawing : newest))];
}
