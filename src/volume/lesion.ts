import type { Vector3 } from './affine.js';

/** `confirmed`: the high-specificity network touches the lesion; `candidate`: only the high-sensitivity one sees it. */
export type Confidence = 'confirmed' | 'candidate';

/** A measured straight line: its two ends in patient space (LPS, mm). */
export type Segment3d = readonly [Vector3, Vector3];

/** One finding of the ensemble, measured on the source series' own grid. Positions are LPS millimetres. */
export interface Lesion {
  /** 1 … n, the lesion's value in the label map. */
  readonly number: number;
  readonly confidence: Confidence;
  readonly voxelCount: number;
  readonly volumeMm3: number;
  /** Longest distance in one of the patient's axial planes. */
  readonly longAxisMm: number;
  /** Longest distance perpendicular to the long axis, in the same plane. */
  readonly shortAxisMm: number;
  readonly longAxis: Segment3d;
  readonly shortAxis: Segment3d;
  /** Patient z (mm) of the axial plane on which both axes were measured. */
  readonly axialPlaneMm: number;
  /** Index k of the source slice that holds most of the lesion. */
  readonly sourceSlice: number;
  readonly maximum3dDiameterMm: number;
  readonly centroidPatientMm: Vector3;
  /** Where the ensemble is surest. */
  readonly peakPatientMm: Vector3;
  /** Largest probability of either network, 0 … 1. */
  readonly probability: number;
  /** Largest probability of each network. */
  readonly probabilities: { readonly sensitivity: number; readonly specificity: number };
}

/** What became of a lesion since the prior study; `baseline` where there is no usable prior. */
export type LesionChange = 'baseline' | 'new' | 'grown' | 'stable' | 'shrunk';

/** A lesion with the identity it keeps for life. */
export interface TrackedLesion extends Lesion {
  readonly trackingUID: string;
  /** Human-readable twin of {@link trackingUID}, e.g. `Lesion 3`; at most 64 characters. */
  readonly trackingID: string;
  readonly change: LesionChange;
  /** Volume at the prior study, where the lesion was seen there. */
  readonly priorVolumeMm3?: number;
}
