import type { Command } from 'commander';
import { holdSentence, type Hold } from '../model/hold.js';
import { explainSeries, type SeriesExplanation } from '../node/operations/explain.js';
import { readNode } from '../node/operations/open-node.js';
import { researchUse, reviewLines } from './time-point-text.js';

function print(explanation: SeriesExplanation): void {
  const { completeness, selection, otherStudies, reviews, reviewed } = explanation;
  const lines = [
    `series ${explanation.SeriesInstanceUID}, study ${explanation.StudyInstanceUID}`,
    `acquired ${explanation.acquiredAt ?? 'at an unknown time'} (${explanation.acquiredAtSource ?? 'no attribute'}), ${explanation.instances} instances, ${explanation.origin}, ${explanation.state}`,
    ...holdLines(explanation.holds),
    `complete: ${completeness?.by ?? 'not decided yet'}`,
    ...(completeness?.findings ?? []).map((finding) => `  ${finding}`),
    `selection: ${selection ? (selection.accepted ? 'selected' : selection.forced ? 'not selected, overridden by an operator' : 'not selected') : 'not decided yet'}`,
    ...(selection?.reasons ?? []).map((reason) => `  ${reason}`),
    'other studies of the patient:',
    ...otherStudies.map(
      ({ StudyInstanceUID, verdict, reason }) =>
        `  ${StudyInstanceUID}: ${verdict === 'prior' ? 'prior' : 'not chosen'}, ${reason}`,
    ),
    ...explanation.otherIssuers.map(
      (issuer) => `another patient has this PatientID, issued by ${issuer}: if it is the same person, use priora merge`,
    ),
    ...reviews.map(
      ({ SOPInstanceUID, state, reason }) => `correction ${SOPInstanceUID}: ${state}${reason ? `, ${reason}` : ''}`,
    ),
    ...(reviewed ? ['corrected by a reader:', ...reviewLines(reviewed), researchUse] : []),
    explanation.case
      ? `case: ${explanation.case.status}${explanation.case.reason ? `, ${explanation.case.reason}` : ''}`
      : 'case: none yet',
  ];
  console.log(lines.join('\n'));
}

/** What holds, or held, a study, for a terminal: what waits for an operator, and what operators have accepted. */
export function holdLines(holds: readonly Hold[]): string[] {
  const open = holds.filter(({ acceptedAt }) => acceptedAt === null);
  const accepted = holds.filter(({ acceptedAt }) => acceptedAt !== null);
  return [
    ...(open.length > 0 ? [`on hold: ${holdSentence(open)}`] : []),
    ...accepted.map(
      (hold) =>
        `released: ${holdSentence([hold])}; accepted ${new Date(hold.acceptedAt!).toISOString()}` +
        ` by ${hold.acceptedBy ?? 'an operator whose name was not recorded'}${hold.comment ? `: ${hold.comment}` : ''}`,
    ),
  ];
}

/** `priora explain <series>` */
export function registerExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('show why a series was or was not selected, and which prior was chosen and why')
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
