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
  /** In English, as the error says it. */
  | { readonly kind: 'prior images unusable'; readonly message: string }
  /** No transform was found at all; in English, as the error says it. */
  | { readonly kind: 'registration failed'; readonly message: string }
  | { readonly kind: 'registration refused'; readonly refusal: Refusal };

/** Why a registration was refused. */
export type Refusal =
  | { readonly kind: 'low similarity'; readonly similarity: number; readonly minimum: number }
  | { readonly kind: 'small overlap'; readonly percent: number; readonly minimumPercent: number }
  | { readonly kind: 'implausible turn'; readonly degrees: number }
  | { readonly kind: 'implausible shift'; readonly millimetres: number };
