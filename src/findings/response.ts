/** One lesion's part in the ledger. */
export interface LedgerLesion {
  readonly trackingUID: string;
  readonly trackingID: string;
  /** 0 when it is no longer seen. */
  readonly longAxisMm: number;
}

/**
 * The radiographic part of RANO-BM (Lin 2015) at one time point, with the numbers it came from. Steroid dose and clinical
 * status are not ours to judge.
 */
export interface ResponseAssessment {
  /** `baseline` at the first time point; NE: not evaluable, e.g. nothing measurable. */
  readonly overall: 'baseline' | 'CR' | 'PR' | 'SD' | 'PD' | 'NE';
  /** For CR and PR: whether an examination at least four weeks earlier already showed it. */
  readonly confirmed: boolean;
  readonly targets: {
    readonly category: 'baseline' | 'CR' | 'PR' | 'SD' | 'PD' | 'NE';
    readonly lesions: readonly LedgerLesion[];
    /** Sums of longest diameters, mm. */
    readonly sumMm: number;
    readonly baselineSumMm: number;
    readonly nadirSumMm: number;
  };
  readonly nonTargets: {
    readonly category: 'baseline' | 'CR' | 'non-CR/non-PD' | 'PD' | 'NE';
    readonly lesions: readonly LedgerLesion[];
  };
  /** Confirmed or accepted lesions that the baseline had not. */
  readonly newLesions: readonly LedgerLesion[];
  /** The verdict expanded into its numbers, one sentence each. */
  readonly explanation: readonly string[];
}
