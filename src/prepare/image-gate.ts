import type { Affine } from '../volume/affine.js';
import { correlate } from '../volume/correlation.js';
import { flattenedCeilings } from '../volume/flatten.js';
import { mutualInformation } from '../volume/mutual-information.js';
import type { LabelMap, Volume } from '../volume/volume.js';

/** How much an image resembles a head, once laid on the template. */
export interface ImageQuality {
  /** Normalised mutual information with the template's head after the affine stage, brain and surroundings, 1 to 2. */
  readonly similarity: number;
  /** Correlation there, −1 to 1. */
  readonly correlation: number;
}

/** Below either, an image is no head. */
export const gateLimits = { similarity: 1.005, correlation: 0.08 };

/**
 * Compares the image with the template in and around the brain.
 *
 * @param flatHead the template's head, flattened.
 * @param region mask on the same grid: the brain and what surrounds it.
 * @param flat the image, flattened, on its own grid.
 */
export function measureQuality(
  flatHead: Volume,
  region: LabelMap,
  flat: Volume,
  imageFromTemplate: Affine,
): ImageQuality {
  return {
    similarity: mutualInformation(flatHead, flat, imageFromTemplate, flattenedCeilings, region).normalised,
    correlation: correlate(flatHead, flat, imageFromTemplate, region).correlation,
  };
}

/** The reason why an image is no head, or null when it is one. */
export function whyNotAHead(quality: ImageQuality): string | null {
  for (const name of ['similarity', 'correlation'] as const)
    if (quality[name] < gateLimits[name]) return `${name} ${quality[name].toFixed(3)} is below ${gateLimits[name]}`;
  return null;
}
