import { PrioraError } from '../../core/errors.js';
import type { ReadersMeasurements } from '../../model/case-review.js';
import type { Grid } from '../../imaging/volume.js';

/** The series a review must be about. */
export interface ReviewedSeries {
  readonly StudyInstanceUID: string;
  readonly FrameOfReferenceUID: string;
  readonly grid: Grid;
}

/** One segment of a reviewer's SEG: a lesion as it lies on the series' grid. */
export interface DrawnLesion {
  readonly segmentNumber: number;
  /** Null where the segment has none. */
  readonly trackingUID: string | null;
  /** SegmentAlgorithmType AUTOMATIC: no person has touched it. */
  readonly automatic: boolean;
  /** What SegmentedPropertyType says: a lesion, nothing in particular (`Tissue`, as viewers write), or something else. */
  readonly property: 'lesion' | 'unspecific' | 'other';
  /** Indices on the series' grid, ascending; empty for a segment without voxels. */
  readonly voxels: Uint32Array;
}

/** One measurement group of a reviewer's report. */
export interface ReportedLesion {
  readonly trackingUID: string;
  /** Null where the group does not say. */
  readonly confidence: 'confirmed' | 'candidate' | null;
  /** Numbers as the group has them. */
  readonly measurements: ReadersMeasurements;
}

/** What a reviewer's object says, not yet compared with ours. */
export type Review = {
  /** Who: a name, or null. For the database only, never for a log. */
  readonly observer: string | null;
} & (
  | { readonly kind: 'SEG'; readonly lesions: readonly DrawnLesion[] }
  | {
      readonly kind: 'SR';
      readonly lesions: readonly ReportedLesion[];
      /** SOPInstanceUIDs of the documents it says it replaces. */
      readonly predecessors: readonly string[];
    }
);

/** An object that corrects nothing, and why. */
export const refusal = (reason: string): PrioraError => new PrioraError('REVIEW_REFUSED', reason);
