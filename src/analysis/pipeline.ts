import { asPrioraError, PrioraError } from '../core/errors.js';
import type { CaseRow } from '../store/store.js';
import { chooseCase, type ChoosingContext } from './case/choose-case.js';
import { computeCase, type ComputingContext } from './case/compute-case.js';
import { caseFingerprint } from './case/fingerprint.js';
import {
  isSettled,
  openCase,
  publishFailure,
  publishHold,
  publishReading,
  type PublishingContext,
} from './case/publish-case.js';
import { awaitsReview } from './case/reviewed-lesions.js';
import { whyNothingSelected } from './case/select-for-analysis.js';
import { StageTimer, type StageHooks } from './case/stage-timer.js';

/** What every case needs. */
export type PipelineContext = ChoosingContext & ComputingContext & PublishingContext;

export interface AnalyseOptions extends StageHooks {
  /** Take the likeliest series even if selection refuses them all; the report says so. */
  readonly forceSeries?: boolean;
}

/**
 * One study from its images to its report: choose → fingerprint → compute → publish. Idempotent: the same inputs find
 * their finished case and do nothing; a run that was killed starts again from its images.
 *
 * @returns the study's case: reported, rejected (the images are at fault) or held (an operator must look at it).
 * @throws PrioraError for failures that are not the images' fault; the case is then `failed`, to be run again.
 */
export async function analyseStudy(
  context: PipelineContext,
  StudyInstanceUID: string,
  options: AnalyseOptions = {},
): Promise<CaseRow> {
  const stages = new StageTimer(options);

  // The series, the prior, the patient's other time points and what readers have said, each with its reason.
  const choice = await chooseCase(context, StudyInstanceUID, stages, options);

  // Inputs that have already given their answer are not computed again.
  const fingerprint = caseFingerprint(choice, { ...context, models: context.ensemble.models });
  const opened = openCase(context, choice, fingerprint);
  if (choice.kind === 'held') return publishHold(context, opened, choice);
  if (isSettled(opened)) return opened;

  let finished: CaseRow;
  try {
    if (choice.kind === 'nothing selected')
      throw new PrioraError('SERIES_NOT_SELECTED', whyNothingSelected(choice.selection), {
        subject: { StudyInstanceUID },
      });
    // From pixels to objects, without the database.
    const reading = await computeCase(context, choice, stages);
    finished = publishReading(context, opened, choice, reading);
  } catch (thrown) {
    const error = asPrioraError(thrown);
    finished = publishFailure(context, opened, choice, error, stages.isDone('prepare'));
    if (!error.blamesInput) throw error;
  }
  // What a reader sent before the networks had analysed the study could not be compared with anything until now.
  const toReview = finished.status === 'reported' && awaitsReview(context.store, StudyInstanceUID);
  return toReview ? analyseStudy(context, StudyInstanceUID, options) : finished;
}
