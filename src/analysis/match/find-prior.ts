import { z } from 'zod';
import { holdSentence } from '../../model/hold.js';
import type { PriorRow } from '../../store/series.js';
import type { SeriesRow } from '../../store/store.js';
import type { Store } from '../../store/store.js';

/** `mappings/prior-matching.yaml`; `npm run schemas` generates its JSON Schema. */
export const priorMatchingSchema = z.strictObject({
  maximumAgeDays: z.number().positive().describe('An older study is not used as a prior, days.'),
  minimumIntervalHours: z
    .number()
    .min(0)
    .describe('A study closer in time than this belongs to the same examination, hours.'),
});

export type PriorMatching = z.output<typeof priorMatchingSchema>;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The prior; its `acquiredAt` is always earlier than that of the current series. */
export type Prior = PriorRow;

/**
 * How matching classes another study of the patient: as the prior, or by the first condition that it does not meet.
 *
 * - `prior`: the latest eligible earlier study;
 * - `current undated`: undecidable, because the current study has no acquisition time;
 * - `on hold`: an operator has to look at it first;
 * - `not assembled`: none of its series was selected and assembled;
 * - `undated`: it has no acquisition time;
 * - `not earlier`: acquired at the same time as the current study, or later;
 * - `too recent`, `too old`: outside the limits of `mappings/prior-matching.yaml`;
 * - `not the latest`: another eligible study lies between.
 */
export type PriorVerdict =
  | 'prior'
  | 'current undated'
  | 'on hold'
  | 'not assembled'
  | 'undated'
  | 'not earlier'
  | 'too recent'
  | 'too old'
  | 'not the latest';

/** Another study of the patient and whether it is the prior, for `priora explain`. */
export interface ConsideredStudy {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string | null;
  readonly acquiredAt: number | null;
  readonly verdict: PriorVerdict;
  /** The verdict in words. */
  readonly reason: string;
}

/** The time span of a prior for a study acquired at `acquiredAt`: [notBefore, before). */
const window = (acquiredAt: number, rules: PriorMatching) => ({
  // At least a millisecond: a study acquired at the same moment is not earlier.
  before: acquiredAt - Math.max(rules.minimumIntervalHours * hourMs, 1) + 1,
  notBefore: acquiredAt - rules.maximumAgeDays * dayMs,
});

/**
 * The latest earlier study of the same patient that was selected and assembled, is not on hold, and lies within the
 * limits; never the study itself. Reads one range of one index: the cost does not depend on the size of the database.
 */
export function findPrior(store: Store, current: SeriesRow, rules: PriorMatching): Prior | undefined {
  if (current.acquiredAt === null) return undefined;
  const [prior] = store.series.priors({
    patientKey: current.patientKey,
    ...window(current.acquiredAt, rules),
    exceptStudyInstanceUID: current.StudyInstanceUID,
    limit: 1,
  });
  return prior;
}

/** Counts the patient's other studies that are earlier or undated, whatever became of them. */
export function earlierStudies(store: Store, { patientKey, StudyInstanceUID, acquiredAt }: SeriesRow): number {
  return store.studies
    .ofPatient(patientKey)
    .filter((study) => study.StudyInstanceUID !== StudyInstanceUID)
    .filter(({ StudyInstanceUID: other }) => {
      const [first] = store.series.ofStudy(other).filter(({ origin }) => origin === 'received');
      return first && (first.acquiredAt === null || first.acquiredAt < acquiredAt!);
    }).length;
}

/** The later series whose prior `late` has become, earliest first. They have to be analysed again. */
export function studiesAffectedBy(store: Store, late: SeriesRow, rules: PriorMatching): SeriesRow[] {
  if (late.acquiredAt === null) return [];
  return store.series
    .followers({
      patientKey: late.patientKey,
      after: late.acquiredAt,
      notAfter: late.acquiredAt + rules.maximumAgeDays * dayMs,
      exceptStudyInstanceUID: late.StudyInstanceUID,
      limit: 1000,
    })
    .map(({ SeriesInstanceUID }) => store.series.find(SeriesInstanceUID)!)
    .filter((series) => findPrior(store, series, rules)?.SeriesInstanceUID === late.SeriesInstanceUID);
}

/** Every other study of the patient, with the reason why it is or is not the prior of `current`. */
export function explainPrior(store: Store, current: SeriesRow, rules: PriorMatching): ConsideredStudy[] {
  const prior = findPrior(store, current, rules);
  const span = current.acquiredAt === null ? undefined : window(current.acquiredAt, rules);
  return store.studies
    .ofPatient(current.patientKey)
    .filter(({ StudyInstanceUID }) => StudyInstanceUID !== current.StudyInstanceUID)
    .map(({ StudyInstanceUID }): ConsideredStudy => {
      const series = store.series.ofStudy(StudyInstanceUID);
      const usable = series.find(({ state }) => state === 'assembled');
      const acquiredAt = usable?.acquiredAt ?? series[0]?.acquiredAt ?? null;
      const holds = store.holds.open(StudyInstanceUID);
      const judge = (): PriorVerdict => {
        if (usable && usable.SeriesInstanceUID === prior?.SeriesInstanceUID) return 'prior';
        if (span === undefined) return 'current undated';
        if (holds.length > 0) return 'on hold';
        if (!usable) return 'not assembled';
        if (acquiredAt === null) return 'undated';
        if (acquiredAt >= current.acquiredAt!) return 'not earlier';
        if (acquiredAt >= span.before) return 'too recent';
        return acquiredAt < span.notBefore ? 'too old' : 'not the latest';
      };
      const verdict = judge();
      const reason = verdict === 'on hold' ? `on hold: ${holdSentence(holds)}` : sentences[verdict](rules);
      return { StudyInstanceUID, SeriesInstanceUID: usable?.SeriesInstanceUID ?? null, acquiredAt, verdict, reason };
    });
}

const sentences: Record<Exclude<PriorVerdict, 'on hold'>, (rules: PriorMatching) => string> = {
  prior: () => 'the latest earlier study',
  'current undated': () => 'the current study has no acquisition time',
  'not assembled': () => 'none of its series was selected and assembled',
  undated: () => 'it has no acquisition time',
  'not earlier': () => 'it is not earlier',
  'too recent': ({ minimumIntervalHours }) => `less than ${minimumIntervalHours} hours earlier`,
  'too old': ({ maximumAgeDays }) => `more than ${maximumAgeDays} days earlier`,
  'not the latest': () => 'another eligible study is later',
};
