import { warpLinear, warpMask } from '../../imaging/elastix/warp.js';
import type { StageTransform } from '../../imaging/elastix/transform.js';
import { identityAffine } from '../../imaging/affine.js';
import { correlate } from '../../imaging/correlation.js';
import type { IndexBox } from '../../imaging/crop.js';
import { edgeAgreement } from '../../imaging/edge-agreement.js';
import { flattenedCeilings } from '../../imaging/flatten.js';
import { mutualInformation } from '../../imaging/mutual-information.js';
import type { Volume } from '../../imaging/volume.js';
import type { Template } from './template.js';

/** How closely an image resembles a head once the template has been laid on it by the B-spline. */
export interface ImageQuality {
  /** Normalised mutual information with the template inside the brain, 1 to 2. */
  readonly similarity: number;
  /** Correlation with the template inside the brain, −1 to 1: white matter is brighter than grey, grey than fluid. */
  readonly correlation: number;
  /** Whether edges lie where the template has them, in brain and scalp, 0 to 1. */
  readonly edges: number;
}

/**
 * An image below any of these limits is not a head. The measurements behind them: docs/decisions/0002-image-gate.md.
 */
export const gateLimits: ImageQuality = { similarity: 1.016, correlation: 0.25, edges: 0.62 };

/**
 * Compares the image with the template warped onto it. A rigid or affine fit cannot tell, because heads differ by more
 * than the thickness of their tissue. After the B-spline the inside of a brain agrees, and nothing else's does.
 *
 * @param flat the image, flattened.
 * @param box where the brain lies on the image's grid.
 * @param templateFromImage the transforms of the registration; the first is applied first.
 */
export function measureQuality(
  template: Template,
  flat: Volume,
  box: IndexBox,
  templateFromImage: readonly StageTransform[],
): ImageQuality {
  const head = warpLinear(template.flatHead, flat, box, templateFromImage);
  const brain = warpMask(template.brainMask, flat, box, templateFromImage);
  const region = warpMask(template.brainRegion, flat, box, templateFromImage);
  return {
    similarity: mutualInformation(head, flat, identityAffine, flattenedCeilings, brain).normalised,
    correlation: correlate(head, flat, identityAffine, brain).correlation,
    edges: edgeAgreement(head, flat, region),
  };
}

/** The reason why an image is not a head, or null if it is one. */
export function whyNotAHead(quality: ImageQuality): string | null {
  const failed = (Object.keys(gateLimits) as (keyof ImageQuality)[]).filter(
    (name) => !(quality[name] >= gateLimits[name]),
  );
  return failed.length === 0
    ? null
    : failed.map((name) => `${name} ${quality[name].toFixed(3)} below ${gateLimits[name]}`).join(', ');
}
