import type { ErrorCode } from '../core/errors.js';
import type { Grid, LabelMap, Volume } from '../imaging/volume.js';

/** One scan of a patient, with or without outlined metastases, from any source. */
export interface Scan {
  /** Tells patients apart; never written. */
  readonly patient: string;
  /** Identifiers for the operator at the console; never written. */
  readonly name: string;
  /** Milliseconds since the epoch; null if the source gives an order only. */
  readonly acquiredAt: number | null;
  /** Identifies what image and labels are made of: when it changes, the time point is written again. */
  readonly identity: string;
  readonly source: { readonly name: string; readonly licence: string };
  /** Whether skull and scalp have been removed. */
  readonly brainOnly: boolean;
  readonly image: () => Promise<Volume>;
  /**
   * 0/1 on the grid of the image; each mask holds one metastasis or more. Null: nobody outlined any, and the scan
   * serves as a prior only.
   */
  readonly metastases: ((grid: Grid) => Promise<LabelMap[]>) | null;
}

/** Something that does not become training data, and why. */
export interface RefusedScan {
  readonly name: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** The contents of some folders: each patient's scans in order of time. */
export interface FoundScans {
  readonly patients: ReadonlyMap<string, readonly Scan[]>;
  readonly refused: readonly RefusedScan[];
}
