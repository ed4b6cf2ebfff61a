import { join } from 'node:path';
import { explainPrior } from '../../analysis/match/find-prior.js';
import { priorMatchingSchema } from '../../analysis/match/find-prior.js';
import { PrioraError } from '../../core/errors.js';
import { loadMapping } from '../../core/mapping-file.js';
import type { OpenNode } from './open-node.js';

/**
 * Everything the node decided about a series, and why.
 *
 * @throws PrioraError NOT_IN_INDEX
 */
export function explainSeries(
  { store, config }: Pick<OpenNode, 'store'> & { readonly config: Pick<OpenNode['config'], 'mappingsDir'> },
  SeriesInstanceUID: string,
) {
  const series = store.series.find(SeriesInstanceUID);
  if (!series)
    throw new PrioraError('NOT_IN_INDEX', `no image of series ${SeriesInstanceUID} is in the index`, {
      subject: { SeriesInstanceUID },
    });
  const rules = loadMapping(join(config.mappingsDir, 'prior-matching.yaml'), priorMatchingSchema);
  const standing = store.cases.latestReportedOfStudy(series.StudyInstanceUID);
  const analysed = store.cases.latestOfStudy(series.StudyInstanceUID);
  return {
    SeriesInstanceUID,
    StudyInstanceUID: series.StudyInstanceUID,
    PatientID: series.PatientID,
    state: series.state,
    origin: series.origin,
    acquiredAt: series.acquiredAt === null ? null : new Date(series.acquiredAt).toISOString(),
    acquiredAtSource: series.acquiredAtSource,
    instances: store.instances.ofSeries(SeriesInstanceUID).length,
    holds: store.holds.ofStudy(series.StudyInstanceUID),
    completeness: series.completeness,
    selection: series.selection,
    otherStudies: explainPrior(store, series, rules),
    /** Issuers of other patients with the same PatientID, whose studies are not used as priors. */
    otherIssuers: store.patients
      .ofPatientID(series.PatientID)
      .filter(({ patientKey }) => patientKey !== series.patientKey)
      .map(({ IssuerOfPatientID }) => IssuerOfPatientID || '(none)'),
    reviews: store.reviews
      .ofStudy(series.StudyInstanceUID)
      .map(({ SOPInstanceUID, callingAETitle, state, reason }) => ({
        SOPInstanceUID,
        callingAETitle,
        state,
        reason,
      })),
    reviewed: standing?.result.review ?? null,
    case: analysed
      ? { status: analysed.status, reason: analysed.reason, priorStudyInstanceUID: analysed.priorStudyInstanceUID }
      : null,
  };
}

export type SeriesExplanation = ReturnType<typeof explainSeries>;
