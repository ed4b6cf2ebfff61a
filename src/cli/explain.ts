import type { Command } from 'commander';
import type { CaseResult } from '../model/case-result.js';
import { loadMapping } from '../core/mapping-file.js';
import { PrioraError } from '../core/errors.js';
import { join } from 'node:path';
import { explainPrior } from '../analysis/match/find-prior.js';
import { priorMatchingSchema } from '../analysis/match/prior-matching.js';
import { holdLines } from './hold-text.js';
import { reviewLines } from './review-text.js';
import { readNode, type OpenNode } from './open-node.js';
import { researchUse } from './time-point-text.js';

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
    throw new PrioraError('NOT_IN_INDEX', `no image of series ${SeriesInstanceUID} was taken in`, {
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
    completeness: series.completeness as { by: string; findings: string[] } | null,
    selection: series.selection as { accepted: boolean; forced: boolean; reasons: string[] } | null,
    otherStudies: explainPrior(store, series, rules),
    /** Of other patients with the same PatientID, whose studies are no priors. */
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
    reviewed: (standing?.result as CaseResult | undefined)?.review ?? null,
    case: analysed
      ? { status: analysed.status, reason: analysed.reason, priorStudyInstanceUID: analysed.priorStudyInstanceUID }
      : null,
  };
}

function print(explanation: ReturnType<typeof explainSeries>): void {
  const { completeness, selection, otherStudies, reviews, reviewed } = explanation;
  const lines = [
    `series ${explanation.SeriesInstanceUID}, study ${explanation.StudyInstanceUID}`,
    `acquired ${explanation.acquiredAt ?? 'at an unknown time'} (${explanation.acquiredAtSource ?? 'no attribute'}), ${explanation.instances} instances, ${explanation.origin}, ${explanation.state}`,
    ...holdLines(explanation.holds),
    `complete: ${completeness?.by ?? 'not judged yet'}`,
    ...(completeness?.findings ?? []).map((finding) => `  ${finding}`),
    `selected: ${selection ? (selection.accepted ? 'accepted' : selection.forced ? 'refused, but forced' : 'refused') : 'not judged yet'}`,
    ...(selection?.reasons ?? []).map((reason) => `  ${reason}`),
    'other studies of the patient:',
    ...otherStudies.map(
      ({ StudyInstanceUID, verdict, reason }) =>
        `  ${StudyInstanceUID}: ${verdict === 'prior' ? 'prior' : 'not chosen'}, ${reason}`,
    ),
    ...explanation.otherIssuers.map(
      (issuer) => `another patient has this PatientID, of issuer ${issuer}: if it is the same person, see priora merge`,
    ),
    ...reviews.map(
      ({ SOPInstanceUID, state, reason }) => `correction ${SOPInstanceUID}: ${state}${reason ? `, ${reason}` : ''}`,
    ),
    ...(reviewed ? ['reviewed by a person:', ...reviewLines(reviewed), researchUse] : []),
    explanation.case
      ? `case: ${explanation.case.status}${explanation.case.reason ? `, ${explanation.case.reason}` : ''}`
      : 'case: none yet',
  ];
  console.log(lines.join('\n'));
}

/** `priora explain <series>` */
export function registerExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('why a series was or was not taken, which prior and why')
    .argument('<SeriesInstanceUID>')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print one JSON object')
    .action((SeriesInstanceUID: string, { config, json }: { config?: string; json?: boolean }) =>
      readNode(config, (node) => {
        const explanation = explainSeries(node, SeriesInstanceUID);
        if (json) console.log(JSON.stringify({ ...explanation, notice: researchUse }, null, 2));
        else print(explanation);
      }),
    );
}
