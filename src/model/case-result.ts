import type { Affine } from '../imaging/affine.js';
import type { GoneLesion, LesionIdentity } from './lesion.js';
import type { NoPrior, Refusal, Remark } from './remark.js';
import type { ResponseAssessment } from './response.js';
import type { ObjectKind } from '../store/store.js';
import type { CaseReview } from './case-review.js';

/** The stages in the order a study goes through them. */
export const stages = [
  'select',
  'match',
  'review',
  'assemble',
  'prepare',
  'register',
  'infer',
  'measure',
  'locate',
  'track',
  'respond',
  'report',
] as const;
export type Stage = (typeof stages)[number];

/** The prior a case was read with, or found and refused. */
export interface CasePrior {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly verdict: 'accepted' | 'refused';
  /** Similarity of the registered images, as `register/` defines it. */
  readonly similarity: number;
  readonly refusal: Refusal | null;
  readonly rotationDegrees: number;
  readonly translationMm: number;
}

/** What a reported case keeps in its row, besides its lesions (JSON). */
export interface CaseResult {
  /** Series selection was overridden by a person. */
  readonly forced: boolean;
  readonly timePoint: {
    readonly order: number;
    readonly type: 'baseline' | 'posttreatment';
    /** Milliseconds since the epoch, UTC. */
    readonly acquiredAt: number;
  };
  readonly prior: CasePrior | null;
  /** Why no prior was used; null when one was. */
  readonly noPriorReason: NoPrior | null;
  /** Rigid: template patient space → source patient space. The next time point's registration starts from it. */
  readonly sourceFromTemplate: Affine;
  /** Fraction of the brain inside the field of view. */
  readonly coverage: number;
  readonly notes: readonly Remark[];
  readonly models: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
  /** Made with demonstration weights: stays on this machine unless a destination allows them. */
  readonly demonstration: boolean;
  readonly provider: 'cpu' | 'cuda';
  /** Lesions of earlier time points that are not found now. */
  readonly gone: readonly Pick<GoneLesion, keyof LesionIdentity | 'status' | 'mergedInto'>[];
  readonly response: ResponseAssessment;
  /** What people have made of the networks' findings; null where nobody has reviewed them. */
  readonly review: CaseReview | null;
  /** What was written for this case; an object that did not change since the superseded case is the same object. */
  readonly objects: readonly { readonly kind: ObjectKind; readonly SOPInstanceUID: string; readonly path: string }[];
  /** PNG, relative to the data folder. */
  readonly picture: string;
  readonly seconds: Readonly<Partial<Record<Stage, number>>>;
}
