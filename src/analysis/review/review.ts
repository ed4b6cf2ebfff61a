import { PrioraError } from '../../core/errors.js';
import type { ReadersMeasurements } from '../../model/case-review.js';
import type { Grid } from '../../imaging/volume.js';

/** The series that a correction must be about. */
export interface ReviewedSeries {
  readonly StudyInstanceUID: string;
  readonly FrameOfReferenceUID: string;
  readonly grid: Grid;
}

/** One segment of a reader's SEG: a lesion on the grid of the series. */
export interface DrawnLesion {
  readonly segmentNumber: number;
  /** Null if the segment has none. */
  readonly trackingUID: string | null;
  /** SegmentAlgorithmType. Some viewers leave AUTOMATIC in an edited segment, others write MANUAL in all of them. */
  readonly algorithmType: string;
  /** What SegmentedPropertyType says: a lesion, nothing specific (`Tissue`, as viewers write), or something else. */
  readonly property: 'lesion' | 'unspecific' | 'other';
  /** Indices on the series' grid, ascending; empty for a segment without voxels. */
  readonly voxels: Uint32Array;
}

/** One measurement group of a reader's report. */
export interface MeasuredLesion {
  readonly trackingUID: string;
  /** Null if the group does not say. */
  readonly confidence: 'confirmed' | 'candidate' | null;
  /** Numbers as the group states them. */
  readonly measurements: ReadersMeasurements;
}

/** What a reader's object says, before it is compared with ours. */
export type Review = {
  /** A name, or null. For the database only, never for a log. */
  readonly observer: string | null;
} & (
  | { readonly kind: 'SEG'; readonly lesions: readonly DrawnLesion[] }
  | {
      readonly kind: 'SR';
      readonly lesions: readonly MeasuredLesion[];
      /** SOPInstanceUIDs of the documents that it says it replaces. */
      readonly predecessors: readonly string[];
    }
);

/** Reports an object that corrects nothing, and why. */
export const refusal = (reason: string): PrioraError => new PrioraError('REVIEW_REFUSED', reason);
