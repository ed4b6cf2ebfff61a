import type { CaseResult } from '../../model/case-result.js';
import type { HoldReason } from '../../model/hold.js';
import type { LesionIdentity } from '../../model/lesion.js';
import type { NoPrior } from '../../model/remark.js';
import type { Immunotherapy } from '../../model/response.js';
import type { InstanceRow, LesionRow, ObjectRow, ReportedCaseRow, SeriesRow, StudyRow } from '../../store/store.js';
import type { ReviewedTimePoint, StudyReview } from './reviewed-lesions.js';
import type { StudySelection } from './select-for-analysis.js';

/** A series with the instances it had when it was chosen; later arrivals are for the next analysis. */
export interface ChosenSeries {
  readonly row: SeriesRow;
  readonly instances: readonly InstanceRow[];
}

/** A reported case with its lesions. */
export interface ReportedCase {
  readonly row: ReportedCaseRow;
  readonly result: CaseResult;
  readonly lesions: readonly LesionRow[];
}

/** A time point of a patient: the report that stands for a study, and the lesions that stand in it. */
export interface StandingTimePoint extends ReportedCase {
  /** From 1, in order of acquisition. */
  readonly order: number;
  /** Milliseconds since the epoch, UTC. */
  readonly acquiredAt: number;
  /** What the networks found, if readers have corrected it; else null. */
  readonly corrected: ReportedCase | null;
}

/** The prior study's series, and the report that stands for it; null if it has none. */
export interface ChosenPrior extends ChosenSeries {
  readonly reported: ReportedCase | null;
}

/** The report that a case will supersede, with its objects and the one that each of them superseded in turn. */
export interface SupersededCase extends ReportedCase {
  readonly objects: readonly { readonly row: ObjectRow; readonly predecessor: ObjectRow | null }[];
}

/** What is known about a patient besides the current study. */
export interface PatientRecord {
  /** Time points before the current one, in order of acquisition. */
  readonly earlier: readonly StandingTimePoint[];
  /** Time points after the current one, in order of acquisition: the current study came late. */
  readonly later: readonly StandingTimePoint[];
  /** Reports of the current study, the latest first. */
  readonly runs: readonly ReportedCase[];
  /** Every identity that a lesion of the patient has ever had. */
  readonly identities: readonly LesionIdentity[];
  readonly immunotherapy: Immunotherapy;
}

/**
 * A study's case: everything its result depends on besides models and settings, chosen and read from the index once. It
 * is plain data except for the corrections, so that computing from it needs no database.
 */
export interface Case {
  readonly kind: 'case';
  readonly study: StudyRow;
  readonly selection: StudySelection;
  readonly current: ChosenSeries;
  /** Null if there is none; {@link Case.noPrior} says why. */
  readonly prior: ChosenPrior | null;
  readonly noPrior: NoPrior | null;
  readonly record: PatientRecord;
  /** What readers have made of an earlier report of this study; null if there is nothing to apply. */
  readonly review: ReviewedTimePoint | null;
  /** Objects from readers that correct nothing, and why. */
  readonly refusedReviews: StudyReview['refused'];
  readonly superseded: SupersededCase | null;
}

/** A study on hold for an operator. */
export interface HeldStudy {
  readonly kind: 'held';
  readonly study: StudyRow;
  readonly holds: readonly HoldReason[];
}

/** A study without a series that may be analysed. */
export interface NothingSelected {
  readonly kind: 'nothing selected';
  readonly study: StudyRow;
  readonly selection: StudySelection;
}

/** What was chosen for a study. */
export type Choice = Case | NothingSelected | HeldStudy;
