import type { GoneLesion, TrackedLesion } from '../../model/lesion.js';
import type { LedgerSighting, LedgerTimePoint } from '../respond/ledger.js';
import type { LesionRow } from '../../store/store.js';
import type { LesionDetail } from './lesion-row.js';
import type { StandingTimePoint } from './case.js';

/** A time point as it was just read. */
export interface ReadTimePoint {
  readonly order: number;
  readonly acquiredAt: number;
  /** Its lesions were followed from a prior. */
  readonly followed: boolean;
  readonly lesions: readonly TrackedLesion[];
  readonly gone: readonly GoneLesion[];
}

/** What the response at `now` is judged from: the reports that stand for the earlier time points, and this one. */
export const responseLedger = (earlier: readonly StandingTimePoint[], now: ReadTimePoint): LedgerTimePoint[] => [
  ...earlier.map(({ row, result, order, acquiredAt, lesions }): LedgerTimePoint => {
    const { noPriorReason, gone } = result;
    const followed = row.priorCaseKey !== null && noPriorReason === null;
    return { order, acquiredAt, followed, lesions: lesions.map(storedSighting), gone };
  }),
  now,
];

const storedSighting = (row: LesionRow): LedgerSighting => ({
  ...row,
  change: row.change as LedgerSighting['change'],
  splitFrom: (row.detail as LesionDetail).splitFrom,
});
