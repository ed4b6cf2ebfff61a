import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { PrioraError } from '../../core/errors.js';
import { holdSentence } from '../../model/hold.js';
import type { CaseOutcome } from '../../store/cases.js';
import type { CaseRow, Store } from '../../store/store.js';
import { CaseFolder } from './case-folder.js';
import type { Case, Choice, HeldStudy } from './case.js';
import type { CaseReading } from './compute-case.js';
import { noteApplied, noteRefused } from './reviewed-lesions.js';
import { noteSelection } from './select-for-analysis.js';

/** Everything a case changes in the index is changed here, one transaction per function. */
export interface PublishingContext {
  readonly store: Store;
  readonly dataDir: string;
  readonly clock: Clock;
  /** Called in the transaction that finishes a case, whatever its outcome, for what has to be one commit with it. */
  readonly onFinished?: (finished: CaseRow) => void;
}

/**
 * Keeps what was chosen and opens the case for it: the latest one of the study if its fingerprint is the same, else a
 * new one.
 *
 * @returns the case; `reported` or `rejected` if there is nothing left to do.
 */
export function openCase({ store, clock }: PublishingContext, choice: Choice, fingerprint: string): CaseRow {
  const series = choice.kind === 'case' ? choice.current.row : null;
  const prior = choice.kind === 'case' ? choice.prior : null;
  return store.transaction(() => {
    if (choice.kind !== 'held') noteSelection(store, choice.selection);
    if (choice.kind === 'case') noteRefused(store, choice.refusedReviews);
    const opened = store.cases.open(
      {
        StudyInstanceUID: choice.study.StudyInstanceUID,
        SeriesInstanceUID: series?.SeriesInstanceUID ?? null,
        priorCaseKey: prior?.reported?.row.caseKey ?? null,
        priorSeriesInstanceUID: prior?.row.SeriesInstanceUID ?? null,
        fingerprint,
      },
      clock.now(),
    ).case;
    if (choice.kind !== 'held' && !isSettled(opened)) store.cases.start(opened.caseKey);
    return opened;
  });
}

/** Whether a case needs no more computing: its inputs have already given their answer. */
export const isSettled = ({ status }: CaseRow): boolean => status === 'reported' || status === 'rejected';

/** The study is on hold for an operator. */
export function publishHold(context: PublishingContext, opened: CaseRow, { holds }: HeldStudy): CaseRow {
  return finish(context, opened, { status: 'held', code: holds[0].code, reason: holdSentence(holds) });
}

/** Files first, then the index learns of them in one commit: a reported case has all of its files. */
export function publishReading(
  context: PublishingContext,
  opened: CaseRow,
  chosen: Case,
  reading: CaseReading,
): CaseRow {
  const { store, dataDir, clock } = context;
  const { caseKey } = opened;
  const folder = new CaseFolder(dataDir, caseKey);
  folder.writeLabels(reading.labels);
  folder.writeProbabilities(reading.probabilities);
  const picture = folder.write('picture.png', reading.picture);
  const objects = reading.objects
    ? reading.objects.map(({ kind, object: { bytes, ...uids }, predecessorSOPInstanceUID }) => ({
        ...uids,
        kind,
        caseKey,
        path: folder.write(`${kind.toLowerCase()}.dcm`, bytes),
        sha256: createHash('sha256').update(bytes).digest(),
        predecessorSOPInstanceUID,
      }))
    : chosen.superseded!.objects.map(({ row }) => row);
  const result = {
    ...reading.result,
    objects: objects.map(({ kind, SOPInstanceUID, path }) => ({ kind, SOPInstanceUID, path })),
    picture,
  };
  return store.transaction(() => {
    noteRead(store, chosen, 'assembled');
    for (const object of objects) store.objects.insert({ ...object, createdAt: clock.now() });
    noteApplied(store, chosen.review?.applied ?? []);
    return finish(context, opened, { status: 'reported', result, lesions: reading.lesions });
  });
}

/**
 * Ends a case without a report: rejected if its images are at fault, else failed, to be run again.
 *
 * @param prepared whether its images were assembled and prepared: they can then serve as a prior, report or not.
 */
export function publishFailure(
  context: PublishingContext,
  opened: CaseRow,
  choice: Choice,
  error: PrioraError,
  prepared: boolean,
): CaseRow {
  const status = error.blamesInput ? 'rejected' : 'failed';
  return context.store.transaction(() => {
    if (choice.kind === 'case') {
      if (error.blamesInput) noteRead(context.store, choice, 'refused');
      else if (prepared) noteRead(context.store, choice, 'assembled');
    }
    return finish(context, opened, { status, code: error.code, reason: error.message });
  });
}

const noteRead = (store: Store, { current: { row, instances } }: Case, state: 'assembled' | 'refused') =>
  store.series.noteRead(row.SeriesInstanceUID, instances.length, state);

/** Ends a case, in one transaction with what follows from it. */
function finish({ store, clock, onFinished }: PublishingContext, { caseKey }: CaseRow, outcome: CaseOutcome): CaseRow {
  return store.transaction(() => {
    store.cases.finish(caseKey, outcome, clock.now());
    const finished = store.cases.find(caseKey)!;
    onFinished?.(finished);
    return finished;
  });
}
