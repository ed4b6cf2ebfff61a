import type { PriorRow } from '../../store/series.js';
import type { SeriesRow } from '../../store/rows.js';
import type { Store } from '../../store/store.js';
import type { PriorMatching } from './prior-matching.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The prior, if any; `acquiredAt` of a found one is always earlier than the current series'. */
export type Prior = PriorRow;

/** A study of the patient that is not the prior, and why, for `priora explain`. */
export interface ConsideredStudy {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string | null;
  readonly acquiredAt: number | null;
  readonly verdict: 'prior' | 'not chosen';
  readonly reason: string;
}

/** The span of time in which a prior of something acquired at `acquiredAt` lies: [notBefore, before). */
const window = (acquiredAt: number, rules: PriorMatching) => ({
  // At least a millisecond: what is acquired at the same moment is not earlier.
  before: acquiredAt - Math.max(rules.minimumIntervalHours * hourMs, 1) + 1,
  notBefore: acquiredAt - rules.maximumAgeDays * dayMs,
});

/**
 * The latest earlier study of the same patient that was selected, assembled and is not held, within the limits; never the
 * study itself. One look at one index range: its cost does not depend on the size of the database.
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

/** How many other studies of the patient are earlier, or of unknown time, whatever became of them. */
export function earlierStudies(store: Store, { patientKey, StudyInstanceUID, acquiredAt }: SeriesRow): number {
  return store.studies
    .ofPatient(patientKey)
    .filter((study) => study.StudyInstanceUID !== StudyInstanceUID)
    .filter(({ StudyInstanceUID: other }) => {
      const [first] = store.series.ofStudy(other).filter(({ origin }) => origin === 'received');
      return first && (first.acquiredAt === null || first.acquiredAt < acquiredAt!);
    }).length;
}

/**
 * The later series whose prior `late` now is: those have to be run again when `late` arrived after them. Earliest first.
 */
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

/** Every other study of the patient with the reason why it is, or is not, the prior of `current`. */
export function explainPrior(store: Store, current: SeriesRow, rules: PriorMatching): ConsideredStudy[] {
  const prior = findPrior(store, current, rules);
  const span = current.acquiredAt === null ? undefined : window(current.acquiredAt, rules);
  return store.studies
    .ofPatient(current.patientKey)
    .filter(({ StudyInstanceUID }) => StudyInstanceUID !== current.StudyInstanceUID)
    .map((study): ConsideredStudy => {
      const series = store.series.ofStudy(study.StudyInstanceUID);
      const usable = series.find(({ state }) => state === 'assembled');
      const acquiredAt = usable?.acquiredAt ?? series[0]?.acquiredAt ?? null;
      const because = (): string => {
        if (usable && usable.SeriesInstanceUID === prior?.SeriesInstanceUID) return 'the latest earlier study';
        if (span === undefined) return 'the current study has no time';
        if (study.heldCode !== null) return `held: ${study.heldReason}`;
        if (!usable) return 'no series of it was selected and assembled';
        if (acquiredAt === null) return 'it has no time';
        if (acquiredAt >= current.acquiredAt!) return 'not earlier';
        if (acquiredAt >= span.before) return `less than ${rules.minimumIntervalHours} hours before`;
        if (acquiredAt < span.notBefore) return `more than ${rules.maximumAgeDays} days before`;
        return 'another study is later';
      };
      const reason = because();
      const verdict = reason === 'the latest earlier study' ? 'prior' : 'not chosen';
      return {
        StudyInstanceUID: study.StudyInstanceUID,
        SeriesInstanceUID: usable?.SeriesInstanceUID ?? null,
        acquiredAt,
        verdict,
        reason,
      };
    });
}
