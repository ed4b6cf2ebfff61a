import type { AssembledSeries } from '../assemble/assemble-series.js';
import type { Remark } from '../../model/remark.js';
import type { EnsembleModels } from '../infer/manifest.js';
import type { Prepared } from '../prepare/prepare-current.js';
import { acquiredAt, frameOfReferenceUID } from '../../report/source-attributes.js';
import type { ReportInput, ReportPrior } from '../../report/report-input.js';
import type { CaseResult } from '../../model/case-result.js';
import type { FoundPrior } from './temporal-prior.js';

/** The series' part of a report's input. */
export function reportSource({ header, frames, volume }: AssembledSeries): ReportInput['source'] {
  return { header, frames, grid: { shape: volume.shape, patientFromVoxel: volume.patientFromVoxel } };
}

/** The prior's part: which images it was, and what became of the registration. */
export function reportPrior({ row: prior, series: { header, frames }, priorFromCurrent }: FoundPrior): ReportPrior {
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

/** The networks' part. */
export function reportModels(models: EnsembleModels): ReportInput['models'] {
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
  if ((prior?.reported?.result as CaseResult | undefined)?.review) notes.push({ kind: 'prior reviewed' });
  return notes;
}
