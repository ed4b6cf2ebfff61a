import type { GoneLesion, TrackedLesion } from '../../model/lesion.js';
import type { LedgerTimePoint } from '../respond/ledger.js';
import type { StandingTimePoint } from './case.js';

/** A time point as just analysed. */
export interface ReadTimePoint {
  readonly order: number;
  readonly acquiredAt: number;
  /** Whether its lesions were followed from a prior. */
  readonly followed: boolean;
  readonly lesions: readonly TrackedLesion[];
  readonly gone: readonly GoneLesion[];
}

/** What the response at `now` is assessed from: the reports that stand for the earlier time points, and this one. */
export const responseLedger = (earlier: readonly StandingTimePoint[], now: ReadTimePoint): LedgerTimePoint[] => [
  ...earlier.map(({ row, result, order, acquiredAt, lesions }): LedgerTimePoint => {
    const { noPriorReason, gone } = result;
    const followed = row.priorCaseKey !== null && noPriorReason === null;
    return { order, acquiredAt, followed, lesions, gone };
  }),
  now,
];
