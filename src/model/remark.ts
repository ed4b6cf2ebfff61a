/** Something about the images or the comparison that a reader has to know; `report/wording/` says it in his language. */
export type Remark =
  | { readonly kind: 'frames left out'; readonly frames: number }
  | { readonly kind: 'padding'; readonly voxels: number }
  | { readonly kind: 'lossy compression' }
  | { readonly kind: 'brain cut off'; readonly examinedPercent: number }
  /** The prior's lesions are those that a reader has corrected. */
  | { readonly kind: 'prior reviewed' }
  | NoPrior;

/** Why the networks saw no prior. */
export type NoPrior =
  | { readonly kind: 'no earlier study' }
  /** The patient has earlier or undated studies: held, refused, or not within the limits of `mappings/prior-matching.yaml`. */
  | { readonly kind: 'no eligible earlier study'; readonly studies: number }
  | ({ readonly kind: 'prior images unusable' } & UnusablePrior)
  /** No transform was found at all. */
  | ({ readonly kind: 'registration failed' } & UnusablePrior)
  | { readonly kind: 'registration refused'; readonly refusal: Refusal };

/** A prior that was found and could not even be judged. */
export interface UnusablePrior {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  /** In English, as the error says it. */
  readonly message: string;
}

/** Why a registration was refused. */
export type Refusal =
  | { readonly kind: 'low similarity'; readonly similarity: number; readonly minimum: number }
  | { readonly kind: 'small overlap'; readonly percent: number; readonly minimumPercent: number }
  | { readonly kind: 'implausible turn'; readonly degrees: number }
  | { readonly kind: 'implausible shift'; readonly millimetres: number };
