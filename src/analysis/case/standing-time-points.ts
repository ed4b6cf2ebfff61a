import type { CaseRow, LesionRow, Store } from '../../store/store.js';

/** A time point of a patient: the report that stands for a study, and the lesions that stand in it. */
export interface StandingTimePoint {
  readonly reported: CaseRow;
  /** From 1, in order of acquisition. */
  readonly order: number;
  /** Milliseconds since the epoch, UTC. */
  readonly acquiredAt: number;
  readonly lesions: readonly LesionRow[];
}

/** A patient's time points in order of acquisition. Whatever looks at lesions over time starts here. */
export function standingTimePoints(store: Store, patientKey: number): StandingTimePoint[] {
  return store.cases.standing(patientKey).map((reported, index) => ({
    reported,
    order: index + 1,
    acquiredAt: reported.acquiredAt!,
    lesions: store.cases.lesions(reported.caseKey),
  }));
}
