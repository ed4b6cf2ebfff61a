import type { LesionChange } from '../../model/lesion.js';
import { codes } from '../codes.js';
import type { ReportInput } from '../report-input.js';
import type { Wording } from '../wording/english.js';
import { wordings } from '../wording/language.js';
import { coded, container, text, type ContentItem } from './content-item.js';
import { goneLesionGroup } from './lesion-groups.js';

/** What holds for the whole time point, coded where the standard has codes, and in plain words as well. */
export function qualitativeEvaluations(input: ReportInput): ContentItem {
  const { lesions, prior } = input;
  const wording = wordings[input.language];
  const used = prior?.registration.verdict === 'accepted';
  const comment = (sentence: string) => text('CONTAINS', codes.comment, sentence);
  return container(codes.qualitativeEvaluations, [
    coded(
      'CONTAINS',
      codes.processingSummary,
      lesions.length > 0 ? codes.succeededWithFindings : codes.succeededWithoutFindings,
    ),
    comment(summary(input, wording)),
    coded('CONTAINS', codes.comparisonWithPriorDone, used ? codes.yes : codes.no),
    ...(prior ? [coded('CONTAINS', codes.registrationVerdict, codes[prior.registration.verdict])] : []),
    comment(priorText(input, wording)),
    ...input.models.map(({ role, name, version, sha256, use }) =>
      comment(wording.model(role, name, version, sha256, use)),
    ),
    ...input.qualityNotes.map((note) => comment(wording.note(note))),
    ...(input.forced ? [comment(wording.forced)] : []),
    comment(input.demonstration ? wording.demonstration : wording.researchUse),
    ...input.gone.map((lesion) => goneLesionGroup(lesion, input)),
  ]);
}

const changes: readonly LesionChange[] = ['new', 'equivocal', 'reappeared', 'grown', 'stable', 'shrunk', 'unclear'];

function summary({ lesions, gone, timePoint }: ReportInput, wording: Wording): string {
  const count = (confidence: string) => lesions.filter((lesion) => lesion.confidence === confidence).length;
  const found = lesions.length === 0 ? wording.nothingFound : wording.found(count('confirmed'), count('candidate'));
  const counted = [
    ...changes.map((change) => [change, lesions.filter((lesion) => lesion.change === change).length] as const),
    ['gone', gone.filter(({ status }) => status === 'not visualised').length] as const,
  ].filter(([, number]) => number > 0);
  const since = counted.length > 0 ? ` ${wording.sincePrior(counted)}` : '';
  return `${wording.timePoint(timePoint.order)}: ${found}${since}`;
}

function priorText({ prior, noPriorReason }: ReportInput, wording: Wording): string {
  if (prior === null) return wording.noPrior(wording.remark(noPriorReason ?? { kind: 'no earlier study' }));
  const { acquiredDate, registration } = prior;
  return registration.refusal
    ? wording.priorRefused(acquiredDate, wording.refusal(registration.refusal))
    : wording.priorAccepted(acquiredDate, registration.similarity);
}
