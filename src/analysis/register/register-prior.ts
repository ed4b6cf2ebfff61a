import { z } from 'zod';
import { linearStage } from '../../imaging/elastix/parameter-map.js';
import { registerImages } from '../../imaging/elastix/register-images.js';
import { composeAffine } from '../../imaging/elastix/transform.js';
import type { Refusal } from '../../model/remark.js';
import { applyAffine, identityAffine, invertAffine, multiplyAffine, type Affine } from '../../imaging/affine.js';
import { coarsen } from '../../imaging/block-mean.js';
import { boundingBox, boxOn, crop } from '../../imaging/crop.js';
import { flatten, flattenedCeilings } from '../../imaging/flatten.js';
import { mutualInformation } from '../../imaging/mutual-information.js';
import { resampleLinear, resampleNearest } from '../../imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../../imaging/volume.js';

/** `mappings/registration.yaml`: how priors are registered and when a registration is accepted. */
export const registrationSettingsSchema = z.strictObject({
  spacingMm: z.number().min(0.5).max(4).describe('Both images are first downsampled to about this spacing.'),
  resolutions: z.int().min(1).max(5).describe('Pyramid levels.'),
  iterations: z.int().min(10).max(2000).describe('Iterations per level.'),
  samples: z.int().min(500).max(20000).describe('Random samples per iteration.'),
  minimumSimilarity: z.number().min(1).max(2).describe('Least normalised mutual information within the brain mask.'),
  minimumOverlap: z
    .number()
    .min(0)
    .max(1)
    .describe("Least fraction of the current brain inside the prior's field of view."),
  maximumRotationDegrees: z
    .number()
    .min(0)
    .max(180)
    .describe('Largest rotation accepted against the initial alignment.'),
  maximumTranslationMm: z
    .number()
    .min(0)
    .describe('Largest shift of the brain accepted against the initial alignment.'),
});

export type RegistrationSettings = z.infer<typeof registrationSettingsSchema>;

/** A prior registered to the current image, or the reason why it was refused. */
export interface Registration {
  /** Rigid: template patient space, where the prepared current image lies → patient space of the prior, LPS mm. */
  readonly priorFromTemplate: Affine;
  /** Normalised mutual information of the two images within the current brain mask, 1 to 2. */
  readonly similarity: number;
  /** Fraction of the current brain inside the prior's field of view. */
  readonly overlap: number;
  readonly verdict: 'accepted' | 'refused';
  /** Why it was refused; null if accepted. */
  readonly refusal: Refusal | null;
  /** Rotation from the initial alignment. */
  readonly rotationDegrees: number;
  /** Shift of the centre of the brain from the initial alignment. */
  readonly translationMm: number;
  /** Peak resident memory of the registration process. */
  readonly peakRssMb: number;
  /** Processor time of the registration process. */
  readonly cpuSeconds: number;
}

/** Margin around the brain: its border with skull and scalp guides the registration. */
const marginMm = 8;

/**
 * Registers a prior rigidly to the current image.
 *
 * @param current prepared image on the template grid.
 * @param currentMask its brain, on the same grid.
 * @param prior the prior series as acquired.
 * @param initial rigid start, current → prior patient space: the prior's own `sourceFromTemplate`.
 * @throws PrioraError REGISTRATION_FAILED, CHILD_DIED, CANCELLED.
 */
export async function registerPrior(request: {
  current: Volume;
  currentMask: LabelMap;
  prior: Volume;
  initial: Affine;
  settings: RegistrationSettings;
  signal?: AbortSignal;
}): Promise<Registration> {
  const { current, currentMask, prior, initial, settings, signal } = request;
  const box = boundingBox(currentMask);
  if (!box) throw new RangeError('the brain mask is empty');
  const fixed = flatten(coarsen(current, settings.spacingMm));
  const moving = flatten(coarsen(prior, settings.spacingMm));
  const { transforms, peakRssMb, cpuSeconds } = await registerImages({
    fixed: crop(fixed, boxOn(fixed, currentMask, box, identityAffine, marginMm)!),
    moving,
    initial,
    stages: [
      linearStage('rigid', {
        resolutions: settings.resolutions,
        iterations: settings.iterations,
        samples: settings.samples,
      }),
    ],
    ...(signal ? { signal } : {}),
  });
  const priorFromTemplate = composeAffine(transforms);
  const mask = resampleNearest(currentMask, fixed, identityAffine);
  const { normalised: similarity, overlap } = mutualInformation(
    fixed,
    moving,
    priorFromTemplate,
    flattenedCeilings,
    mask,
  );
  const motion = multiplyAffine(invertAffine(initial), priorFromTemplate);
  const middle = applyAffine(currentMask.patientFromVoxel, [
    (box.first[0] + box.last[0]) / 2,
    (box.first[1] + box.last[1]) / 2,
    (box.first[2] + box.last[2]) / 2,
  ]);
  const moved = applyAffine(motion, middle);
  const rotationDegrees = (Math.acos(Math.min(1, (motion[0] + motion[5] + motion[10] - 1) / 2)) * 180) / Math.PI;
  const translationMm = Math.hypot(moved[0] - middle[0], moved[1] - middle[1], moved[2] - middle[2]);
  const refusal = whyRefused({ similarity, overlap, rotationDegrees, translationMm }, settings);
  return {
    priorFromTemplate,
    similarity,
    overlap,
    verdict: refusal ? 'refused' : 'accepted',
    refusal,
    rotationDegrees,
    translationMm,
    peakRssMb,
    cpuSeconds,
  };
}

/** The first limit of the settings that a registration violates, or null. */
export function whyRefused(
  found: Pick<Registration, 'similarity' | 'overlap' | 'rotationDegrees' | 'translationMm'>,
  settings: RegistrationSettings,
): Refusal | null {
  if (!(found.similarity >= settings.minimumSimilarity))
    return { kind: 'low similarity', similarity: found.similarity, minimum: settings.minimumSimilarity };
  if (!(found.overlap >= settings.minimumOverlap))
    return { kind: 'small overlap', percent: 100 * found.overlap, minimumPercent: 100 * settings.minimumOverlap };
  if (!(found.rotationDegrees <= settings.maximumRotationDegrees))
    return { kind: 'implausible turn', degrees: found.rotationDegrees };
  if (!(found.translationMm <= settings.maximumTranslationMm))
    return { kind: 'implausible shift', millimetres: found.translationMm };
  return null;
}

/** The prior on the template grid, in the pose of the current image: resampled once, from its source. */
export function resamplePrior(prior: Volume, { priorFromTemplate }: Pick<Registration, 'priorFromTemplate'>): Volume {
  return resampleLinear(prior, templateGrid, priorFromTemplate);
}
