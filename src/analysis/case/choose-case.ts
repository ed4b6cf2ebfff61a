import { PrioraError } from '../../core/errors.js';
import type { SeriesKind } from '../../model/selection.js';
import type { ReportedCaseRow, SeriesRow, Store, StudyRow } from '../../store/store.js';
import { earlierStudies, findPrior } from '../match/find-prior.js';
import type { PriorMatching } from '../match/find-prior.js';
import type { AnalysisMappings } from '../mappings.js';
import type { Case, ChosenPrior, Choice, PatientRecord, SupersededCase } from './case.js';
import { reviewedTimePoint } from './reviewed-lesions.js';
import { selectForAnalysis } from './select-for-analysis.js';
import { stopOn, type StageHooks, type StageTimer } from './stage-timer.js';
import { reportedCase, standingTimePoints } from './time-points.js';
import { standingObjects } from './write-objects.js';

/** What choosing needs: the index, the headers of the files, and the rules. */
export interface ChoosingContext {
  readonly store: Store;
  readonly dataDir: string;
  readonly mappings: AnalysisMappings;
}

/**
 * Chooses what a study is analysed from: its series, the prior, what else is known about the patient, and what readers
 * have said. Reads the index and the headers; changes nothing.
 *
 * @param options.forceSeries take the likeliest series even if selection refuses them all.
 * @throws PrioraError for failures that are not the images' fault.
 */
export async function chooseCase(
  { store, dataDir, mappings }: ChoosingContext,
  StudyInstanceUID: string,
  stages: StageTimer,
  { forceSeries = false, signal }: StageHooks & { readonly forceSeries?: boolean },
): Promise<Choice> {
  const study = store.studies.find(StudyInstanceUID);
  if (!study) throw new PrioraError('INTERNAL', 'the study is not in the index', { subject: { StudyInstanceUID } });
  const holds = store.holds.open(StudyInstanceUID);
  if (holds.length > 0) return { kind: 'held', study, holds };

  const selection = await stages.run('select', () =>
    selectForAnalysis(store, dataDir, StudyInstanceUID, mappings.selection, {
      priorKind: kindOfPrior(store, mappings.priorMatching, StudyInstanceUID),
      force: forceSeries,
    }),
  );
  const { series } = selection;
  if (!series) return { kind: 'nothing selected', study, selection };

  const prior = await stages.run('match', () => choosePrior(store, mappings.priorMatching, series));
  const { review, refused } = await stages.run('review', () =>
    reviewedTimePoint(store, dataDir, series, stopOn(signal)),
  );
  return {
    kind: 'case',
    study,
    selection,
    current: { row: series, instances: selection.instances },
    ...prior,
    record: patientRecord(store, study, series),
    review,
    refusedReviews: refused,
    superseded: supersededCase(store, StudyInstanceUID),
  };
}

/** The patient's prior series with its report, or why there is none. */
export function choosePrior(store: Store, rules: PriorMatching, current: SeriesRow): Pick<Case, 'prior' | 'noPrior'> {
  const series = priorSeries(store, rules, current);
  if (!series) {
    const studies = earlierStudies(store, current);
    const noPrior = studies === 0 ? ({ kind: 'no earlier study' } as const) : ({ kind: 'no eligible earlier study', studies } as const); // prettier-ignore
    return { prior: null, noPrior };
  }
  const row = store.cases.latestReportedOfSeries(series.SeriesInstanceUID);
  const prior: ChosenPrior = {
    row: series,
    instances: store.instances.ofSeries(series.SeriesInstanceUID),
    reported: row ? reportedCase(store, row) : null,
  };
  return { prior, noPrior: null };
}

function priorSeries(store: Store, rules: PriorMatching, current: SeriesRow): SeriesRow | null {
  const prior = findPrior(store, current, rules);
  return prior ? store.series.find(prior.SeriesInstanceUID)! : null;
}

/** The kind of series from which the patient's prior was analysed, to be preferred now. */
function kindOfPrior(store: Store, rules: PriorMatching, StudyInstanceUID: string): SeriesKind | undefined {
  for (const candidate of store.series.ofStudy(StudyInstanceUID)) {
    const prior = priorSeries(store, rules, candidate);
    if (prior?.selection?.kind) return prior.selection.kind;
  }
  return undefined;
}

function patientRecord(store: Store, study: StudyRow, { patientKey, acquiredAt }: SeriesRow): PatientRecord {
  const others = standingTimePoints(store, patientKey).filter(
    ({ row }) => row.StudyInstanceUID !== study.StudyInstanceUID,
  );
  const earlier = others.filter((other) => other.acquiredAt < acquiredAt!);
  return {
    earlier,
    later: others.filter((other) => other.acquiredAt >= acquiredAt!),
    runs: [...runsOf(store, study.StudyInstanceUID)].map((row) => reportedCase(store, row)),
    identities: store.lesions.identities(patientKey),
    // A baseline is the same whatever the therapy.
    immunotherapy: earlier.length > 0 ? store.patients.get(study.patientKey).immunotherapy : 'unknown',
  };
}

/** The reports of a study, each followed by the one it superseded. */
function* runsOf({ cases }: Store, StudyInstanceUID: string): Generator<ReportedCaseRow> {
  let run = cases.latestReportedOfStudy(StudyInstanceUID);
  while (run) {
    yield run;
    run = run.supersededCaseKey === null ? undefined : cases.reported(run.supersededCaseKey);
  }
}

function supersededCase(store: Store, StudyInstanceUID: string): SupersededCase | null {
  const row = store.cases.latestReportedOfStudy(StudyInstanceUID);
  return row ? { ...reportedCase(store, row), objects: standingObjects(store, row) } : null;
}
