import { software } from '../../core/software.js';
import { resampleNearest } from '../../imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../../imaging/volume.js';
import { drawTimePoint, type TimePointImages } from '../../report/picture/time-point-picture.js';
import type { Language } from '../../report/wording/language.js';
import type { ObjectKind } from '../../model/object-kind.js';
import type { AssembledSeries } from '../assemble/assemble-series.js';
import type { Remark } from '../../model/remark.js';
import type { EnsembleModels } from '../infer/manifest.js';
import type { Prepared } from '../prepare/prepare-current.js';
import { acquiredAt, frameOfReferenceUID } from '../../report/source-attributes.js';
import type { ReportInput, ReportPrior } from '../../report/report-input.js';
import { CaseFolder } from './case-folder.js';
import type { Case } from './case.js';
import type { FoundPrior } from './temporal-prior.js';
import { writeObjects, type CaseObject } from './write-objects.js';

/** What was computed for a case, as its report needs it. */
export interface ReportedStages {
  readonly source: AssembledSeries;
  readonly prepared: Prepared;
  readonly found: FoundPrior | null;
  readonly used: FoundPrior | null;
  /** The prior used, on the template grid. */
  readonly priorImage: Volume | null;
  /** Lesion numbers on the grid of the current series. */
  readonly labels: LabelMap;
  /** What goes into the report unchanged. */
  readonly said: Pick<
    ReportInput,
    'lesions' | 'gone' | 'response' | 'timePoint' | 'noPriorReason' | 'forced' | 'demonstration' | 'qualityNotes'
  >;
}

/**
 * Draws a time point and writes its objects.
 *
 * @returns no objects for a corrected time point: the reader's object is its report, and ours stay what they were.
 * @throws PrioraError DICOM_INVALID_OUTPUT if an object would violate the standard.
 */
export async function reportCase(
  context: {
    readonly dataDir: string;
    readonly ensemble: { readonly models: EnsembleModels };
    readonly language: Language;
    readonly objects: readonly ObjectKind[];
  },
  { review, superseded }: Pick<Case, 'review' | 'superseded'>,
  { source, prepared, found, used, priorImage, labels, said }: ReportedStages,
): Promise<{ picture: Buffer; objects: CaseObject[] | null }> {
  const images: TimePointImages = {
    prior: priorImage,
    current: prepared.image,
    labels: resampleNearest(labels, templateGrid, prepared.sourceFromTemplate),
    ...(await priorFindings(context.dataDir, used)),
  };
  const input: ReportInput = {
    ...said,
    source: reportSource(source),
    labels,
    prior: found && reportPrior(found),
    models: reportModels(context.ensemble.models),
    software,
    language: context.language,
  };
  const { lesions, demonstration } = said;
  return {
    picture: drawTimePoint({ ...images, lesions, demonstration }),
    objects: review ? null : writeObjects(input, images, context.objects, superseded),
  };
}

/** The prior's lesions as they lie on the template, to be drawn next to the current ones. */
async function priorFindings(
  dataDir: string,
  used: FoundPrior | null,
): Promise<Pick<TimePointImages, 'priorFindings'>> {
  if (!used?.reported) return {};
  const labels = await new CaseFolder(dataDir, used.reported.row.caseKey).readLabels();
  return {
    priorFindings: {
      lesions: used.reported.lesions,
      labels: resampleNearest(labels, templateGrid, used.priorFromTemplate),
    },
  };
}

/** The part of a report's input that describes the series. */
function reportSource({ header, frames, volume }: AssembledSeries): ReportInput['source'] {
  return { header, frames, grid: { shape: volume.shape, patientFromVoxel: volume.patientFromVoxel } };
}

/** The part that describes the prior: which images it was, and how the registration turned out. */
function reportPrior({ row: prior, series: { header, frames }, priorFromCurrent }: FoundPrior): ReportPrior {
  return {
    StudyInstanceUID: prior.StudyInstanceUID,
    SeriesInstanceUID: prior.SeriesInstanceUID,
    frameOfReferenceUID: frameOfReferenceUID(header),
    frames,
    acquiredDate: acquiredAt(header).date,
    registration: {
      verdict: prior.verdict,
      similarity: prior.similarity,
      refusal: prior.refusal,
      priorFromCurrent,
    },
  };
}

/** The part that describes the networks. */
function reportModels(models: EnsembleModels): ReportInput['models'] {
  return Object.values(models).map(({ manifest: { name, version, sha256, role, use, training } }) => ({
    name,
    version,
    sha256,
    role,
    use: `${use}: ${training.data}`,
  }));
}

export const isDemonstration = (models: EnsembleModels): boolean =>
  Object.values(models).some(({ manifest }) => manifest.use === 'demonstration');

/** Limits and provenance of the input that a reader of the report must know. */
export function qualityNotes(series: AssembledSeries, prepared: Prepared, prior: FoundPrior | null): Remark[] {
  const notes = [...series.notes];
  if (prepared.incompleteCoverage)
    notes.push({ kind: 'brain cut off', examinedPercent: Math.round(prepared.coverage * 100) });
  if (prior?.reported?.result.review) notes.push({ kind: 'prior reviewed' });
  return notes;
}
