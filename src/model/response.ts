/** Whether the patient is under immunotherapy: an input that a person gives (`priora therapy`), unknown until then. */
export type Immunotherapy = 'unknown' | 'yes' | 'no';

/** One lesion's part in the ledger: longest diameters in the patient's axial planes, mm, as the criteria count them. */
export interface LedgerLesion {
  readonly trackingUID: string;
  readonly trackingID: string;
  /** Now; 0 when it is not visualised, null when it cannot be judged (outside the field of view). */
  readonly longAxisMm: number | null;
  /** At the time point the ledger starts from; null for a lesion that is new since. */
  readonly baselineMm: number | null;
  /** A target's at the nadir of the sum, a non-target's smallest so far (baseline included); null where it was not seen before. */
  readonly nadirMm: number | null;
  /** Time point of first sight. */
  readonly firstSeen: number;
}

/** The verdict of RANO-BM; without targets a persisting rest is non-CR/non-PD, as the criteria call it. */
export type ResponseCategory = 'CR' | 'PR' | 'SD' | 'non-CR/non-PD' | 'PD' | 'NE';

/** Why a verdict is NE. */
export type NotEvaluable =
  /** There are earlier time points, but this one could not be compared with its prior. */
  | 'no usable prior'
  /** The images do not show where targets lie. */
  | 'incomplete coverage'
  /** The ledger has no lesion: none confirmed at the baseline, none since. */
  | 'no lesion';

/**
 * The radiographic part of RANO-BM (Lin 2015) at one time point, with every number it came from; `wording/` puts it into
 * sentences. Steroid dose and clinical status are not ours to judge.
 */
export interface ResponseAssessment {
  /** `baseline` where the ledger starts. */
  readonly overall: 'baseline' | ResponseCategory;
  readonly notEvaluable: NotEvaluable | null;
  readonly immunotherapy: Immunotherapy;
  /** The verdict if the patient is under immunotherapy; null where it is the same or the therapy is known. */
  readonly underImmunotherapy: ResponseCategory | null;
  /** For CR and PR: every evaluable time point from one at least `confirmationDays` ago up to now shows it. */
  readonly confirmed: boolean;
  readonly confirmationDays: number;
  /** Days since the first of those time points; null unless CR or PR. */
  readonly sustainedDays: number | null;
  /** Time point the ledger starts from: targets were chosen there. */
  readonly baselineOrder: number;
  readonly targets: {
    readonly category: 'baseline' | 'CR' | 'PR' | 'SD' | 'PD' | 'NE' | 'none';
    /** Chosen at the baseline and kept, largest first. */
    readonly lesions: readonly LedgerLesion[];
    /** Sums of longest diameters, mm. */
    readonly sumMm: number;
    readonly baselineSumMm: number;
    /** Smallest sum of the time points before this one, the baseline included. */
    readonly nadirSumMm: number;
    readonly nadirOrder: number;
  };
  readonly nonTargets: {
    readonly category: 'baseline' | 'CR' | 'non-CR/non-PD' | 'PD' | 'NE' | 'none';
    readonly lesions: readonly LedgerLesion[];
  };
  /** Confirmed lesions that have appeared since the baseline and are not known to be gone. */
  readonly newLesions: readonly LedgerLesion[];
}
