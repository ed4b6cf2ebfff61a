import { PrioraError } from '../../core/errors.js';
import { bsplineStage, linearStage } from '../../imaging/elastix/parameter-map.js';
import { registerImages } from '../../imaging/elastix/register-images.js';
import { composeAffine, type StageTransform } from '../../imaging/elastix/transform.js';
import { warpMask } from '../../imaging/elastix/warp.js';
import { identityAffine, invertAffine, multiplyAffine, type Affine } from '../../imaging/affine.js';
import { coarsen } from '../../imaging/block-mean.js';
import { boundingBox, boxOn, crop } from '../../imaging/crop.js';
import { flatten } from '../../imaging/flatten.js';
import { resampleLinear } from '../../imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../../imaging/volume.js';
import { coveredPart } from './coverage.js';
import { measureQuality, whyNotAHead, type ImageQuality } from './image-gate.js';
import { alignRoughly } from './initial-alignment.js';
import { loadTemplate, type Template } from './template.js';

/** A head as the later stages see it. */
export interface Prepared {
  /** On {@link templateGrid}: raw intensities, moved rigidly, resampled once from the source; 0 outside its field of view. */
  readonly image: Volume;
  /** The brain, on the same grid. */
  readonly brainMask: LabelMap;
  /** Rigid: template patient space → source patient space, LPS mm. */
  readonly sourceFromTemplate: Affine;
  /**
   * Non-rigid: template patient space, where this brain lies → the template's own brain; the first is applied first.
   */
  readonly atlasFromTemplate: readonly StageTransform[];
  readonly quality: ImageQuality;
  /**
   * Fraction of the template's brain, laid on this one by the affine, that lies inside the source's field of view and
   * on {@link templateGrid}.
   */
  readonly coverage: number;
  /** Whether either of them cuts the brain off. */
  readonly incompleteCoverage: boolean;
  /** Peak resident memory of the registration process. */
  readonly peakRssMb: number;
}

/** Spacing at which the registrations see the images. */
const workingMm = 2;
/** Margin around the template's brain: skull and scalp help a rigid registration, the neck does not. */
const marginMm = 15;
/** Less of the brain than this is reported; a head tilted out of the field of view by a voxel or two is not. */
const completeCoverage = 0.99;

/**
 * Lays a head rigidly on the template grid and finds its brain, by rigid, affine and B-spline registration (at 2 mm,
 * images flattened). The image is moved by the rigid transform only; the template's brain mask is carried back through
 * all of them. The B-spline is coarse: on some real heads a finer one takes the inner table of the skull for the cortex
 * and cuts gyri off, and a metastasis outside the mask cannot be found.
 *
 * @param source the series as acquired.
 * @throws PrioraError NOT_A_BRAIN if the image is not a head; REGISTRATION_FAILED, CHILD_DIED, CANCELLED.
 */
export async function prepareCurrent(
  source: Volume,
  options: { template?: Template; signal?: AbortSignal } = {},
): Promise<Prepared> {
  const template = options.template ?? (await loadTemplate());
  refuseEmpty(source);
  const flat = flatten(coarsen(source, workingMm));
  const initial = alignRoughly(template.flatHead, flat);
  const brain = boundingBox(template.brainMask)!;
  const region = boxOn(flat, template.brainMask, brain, initial, marginMm);
  if (!region) throw new PrioraError('NOT_A_BRAIN', 'no part of the image resembles a head');
  const registered = await registerImages({
    fixed: crop(flat, region),
    moving: template.flatHead,
    initial: invertAffine(initial),
    stages: [
      linearStage('rigid', { resolutions: 2, iterations: 150, samples: 2000 }),
      linearStage('affine', { resolutions: 2, iterations: 300, samples: 2000 }),
      bsplineStage(48, { resolutions: 1, iterations: 150, samples: 2000 }),
    ],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const [start, rigid, affine, bspline] = registered.transforms;
  const quality = measureQuality(template, flat, region, registered.transforms);
  const reason = whyNotAHead(quality);
  if (reason) throw new PrioraError('NOT_A_BRAIN', `after registration the image does not look like a head: ${reason}`);
  const sourceFromTemplate = invertAffine(composeAffine([start, rigid]));
  const image = resampleLinear(source, templateGrid, sourceFromTemplate);
  // The mask's search space on the working grid: the template's brain, scaled and bent by a few centimetres at most.
  const space = boxOn(templateGrid, template.brainMask, brain, identityAffine, 25)!;
  const brainMask = warpMask(template.brainMask, templateGrid, space, [affine, bspline]);
  const { covered } = coveredPart(brainMask, source, sourceFromTemplate);
  // Of the brain as the affine transform places it: the bent mask ends where the grid does.
  const templateFromAtlas = invertAffine(composeAffine([affine]));
  const inSource = coveredPart(template.brainMask, source, multiplyAffine(sourceFromTemplate, templateFromAtlas));
  const coverage = inSource.fraction * coveredPart(inSource.covered, templateGrid, templateFromAtlas).fraction;
  return {
    image,
    brainMask: covered,
    sourceFromTemplate,
    atlasFromTemplate: [affine, bspline],
    quality,
    coverage,
    incompleteCoverage: coverage < completeCoverage,
    peakRssMb: registered.peakRssMb,
  };
}

/** @throws PrioraError NOT_A_BRAIN for an image of one value, or with values that are not numbers. */
function refuseEmpty({ voxels }: Volume): void {
  let low = Infinity;
  let high = -Infinity;
  for (const value of voxels) {
    if (!Number.isFinite(value)) throw new PrioraError('NOT_A_BRAIN', 'the image holds values that are not numbers');
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) throw new PrioraError('NOT_A_BRAIN', 'the image is empty');
}
