import { codes } from '../codes.js';
import { modelText } from '../model-text.js';
import { demonstrationText, researchText } from '../series-and-equipment.js';
import type { ReportInput, ReportPrior } from '../types.js';
import { coded, container, text, type ContentItem } from './content-item.js';

/** What holds for the whole time point, coded where the standard has codes and in plain English beside it. */
export function qualitativeEvaluations(input: ReportInput): ContentItem {
  const { lesions, prior } = input;
  const used = prior?.registration.verdict === 'accepted';
  const comment = (sentence: string) => text('CONTAINS', codes.comment, sentence);
  return container(codes.qualitativeEvaluations, [
    coded(
      'CONTAINS',
      codes.processingSummary,
      lesions.length > 0 ? codes.succeededWithFindings : codes.succeededWithoutFindings,
    ),
    comment(summary(input)),
    coded('CONTAINS', codes.comparisonWithPriorDone, used ? codes.yes : codes.no),
    ...(prior ? [coded('CONTAINS', codes.registrationVerdict, codes[prior.registration.verdict])] : []),
    comment(priorText(prior, input.noPriorReason)),
    ...input.models.map((model) => comment(modelText(model))),
    ...input.qualityNotes.map(comment),
    ...(input.forced ? [comment('A person had this series analysed although series selection refused it.')] : []),
    comment(
      input.demonstration
        ? `Made with ${demonstrationText}.`
        : `For ${researchText}: no medical device, not to be used for diagnosis.`,
    ),
  ]);
}

function summary({ lesions, timePoint }: ReportInput): string {
  const at = `Time point ${timePoint.order} (${timePoint.type})`;
  if (lesions.length === 0) return `${at}: no brain metastasis found, neither confirmed nor candidate.`;
  const count = (confidence: string) => lesions.filter((lesion) => lesion.confidence === confidence).length;
  const changes = ['new', 'grown', 'stable', 'shrunk', 'reappeared', 'unclear']
    .map((change) => [change, lesions.filter((lesion) => lesion.change === change).length] as const)
    .filter(([, number]) => number > 0)
    .map(([change, number]) => `${number} ${change}`);
  return (
    `${at}: ${count('confirmed')} confirmed, ${count('candidate')} candidate for a reader to judge` +
    `${changes.length > 0 ? `; since the prior study ${changes.join(', ')}` : ''}.`
  );
}

function priorText(prior: ReportPrior | null, noPriorReason = 'no earlier study is known'): string {
  if (prior === null) return `No prior study was used: ${noPriorReason}. The networks saw an empty prior.`;
  const { verdict, similarity, reason } = prior.registration;
  const study = `study ${prior.StudyInstanceUID} of ${prior.acquiredDate}`;
  const measured = `registration similarity ${similarity.toFixed(3)}`;
  return verdict === 'accepted'
    ? `Prior: ${study}, registered rigidly and accepted (${measured}).`
    : `Prior ${study} was not used: its registration was refused (${measured}${reason ? `; ${reason}` : ''}). ` +
        'The networks saw an empty prior.';
}
