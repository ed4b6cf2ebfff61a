import { z } from 'zod';
import { codeSchema } from '../dicom/code.js';
import type { Vector3 } from '../imaging/affine.js';
import { volumeChangeSchema, type VolumeChange } from './change.js';

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
  /** How many of the patient's axial slices it is seen on, at the acquisition's own spacing, whatever its orientation. */
  readonly axialSlices: number;
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

/**
 * What became of a lesion since the prior study.
 *
 * - `baseline`: the first look at its site; there is no usable prior, or the prior does not cover it;
 * - `new`: the prior covers the site and both networks saw nothing there;
 * - `equivocal`: the same, of a lesion too small to be called new before a later study confirms it;
 * - `grown`, `stable`, `shrunk`: the same lesion at the prior, by volume;
 * - `reappeared`: not at the prior, but the same lesion was there before it;
 * - `unclear`: it cannot be told. The prior was not quite empty here, or could not be compared.
 */
export type LesionChange = 'baseline' | 'new' | 'equivocal' | 'grown' | 'stable' | 'shrunk' | 'reappeared' | 'unclear';

/** Where a lesion lies, from an atlas registered with the patient. */
const findingSiteSchema = z
  .object({
    /** Lobe or structure (SCT). */
    structure: codeSchema,
    /** Right, left, or null for a midline structure. */
    laterality: codeSchema.nullable(),
  })
  .readonly();
export type FindingSite = z.output<typeof findingSiteSchema>;

/** One lesion as it was measured at one time point. */
export interface LesionSighting {
  readonly StudyInstanceUID: string;
  /** The time point, from 1 in order of acquisition. */
  readonly order: number;
  /** Milliseconds since the epoch, UTC. */
  readonly acquiredAt: number;
  readonly confidence: Confidence;
  readonly volumeMm3: number;
  readonly longAxisMm: number;
  readonly shortAxisMm: number;
  readonly axialSlices: number;
}

/** What a lesion is called for life. */
export const lesionIdentitySchema = z
  .object({
    trackingUID: z.string(),
    /** Human-readable twin of `trackingUID`, e.g. `Lesion 3`; at most 64 characters. */
    trackingID: z.string(),
  })
  .readonly();
export type LesionIdentity = z.output<typeof lesionIdentitySchema>;

/** A lesion with the identity it keeps for life. */
export interface TrackedLesion extends Lesion, LesionIdentity {
  readonly change: LesionChange;
  /** Null where the atlas does not tell. */
  readonly site: FindingSite | null;
  /** The same lesion at earlier time points, oldest first; empty at first sight. */
  readonly history: readonly LesionSighting[];
  /**
   * Against the last and the first entry of {@link history}; null at first sight, and where no prior could be compared. What
   * merged since the prior is compared with its parts together; the parts of what split have no numbers of their own.
   */
  readonly sincePrior: VolumeChange | null;
  readonly sinceBaseline: VolumeChange | null;
  /** Other lesions of the prior that have grown together with this one. */
  readonly mergedFrom: readonly LesionIdentity[];
  /** The lesion of the prior that this one is a part of, when another part has kept the identity. */
  readonly splitFrom: LesionIdentity | null;
}

/** What the index keeps of a lesion as JSON, beside its columns. */
export const lesionDetailSchema = z
  .object({
    probabilities: z.object({ sensitivity: z.number(), specificity: z.number() }).readonly(),
    site: findingSiteSchema.nullable(),
    sincePrior: volumeChangeSchema.nullable(),
    sinceBaseline: volumeChangeSchema.nullable(),
    mergedFrom: z.array(lesionIdentitySchema).readonly(),
    splitFrom: lesionIdentitySchema.nullable(),
  } satisfies { [Key in keyof TrackedLesion]?: z.ZodType<TrackedLesion[Key]> })
  .readonly();
export type LesionDetail = z.output<typeof lesionDetailSchema>;

/** One lesion over a patient's time points. */
export interface LesionHistory extends LesionIdentity {
  /** As last seen. */
  readonly site: FindingSite | null;
  /** Oldest first, at least one. */
  readonly history: readonly LesionSighting[];
}

/** What became of a lesion that is not found now. */
export const lesionFateSchema = z
  .object({
    /** `merged`: it is part of another one now · `outside the field of view`: the current study does not cover its location. */
    status: z.enum(['not visualised', 'merged', 'outside the field of view']),
    /** The lesion it is part of now; null unless merged. */
    mergedInto: lesionIdentitySchema.nullable(),
  })
  .readonly();

/** A lesion of earlier time points that is not found now. */
export type GoneLesion = LesionHistory & z.output<typeof lesionFateSchema>;
