import type { LabelMap, NetworkImage, Volume } from '../../imaging/volume.js';

/** What a model's manifest says about the intensities of its inputs. */
export type Normalisation =
  | {
      /** `brain`: whatever lies outside the brain mask takes `backgroundValue`. */
      readonly masking: 'brain' | 'none';
      /** Mean 0 and variance 1 hold within the brain mask. */
      readonly normalisation: 'z-score-in-mask';
      readonly backgroundValue: number;
    }
  | {
      /** `brain`: whatever lies outside the brain mask is 0 before the image is normalised. */
      readonly masking: 'brain' | 'none';
      /** Mean 0 and variance 1 hold over the whole image, its zeros included, as in the authors' program. */
      readonly normalisation: 'z-score-whole';
    };

/**
 * An image as a network needs it: mean 0 and variance 1 (a constant region gives 0).
 *
 * @throws RangeError if image and mask differ in size, or the mask is empty where it is needed.
 */
export function normalise(image: Volume, mask: LabelMap, preprocessing: Normalisation): NetworkImage {
  if (mask.voxels.length !== image.voxels.length) throw new RangeError('image and mask lie on different grids');
  const whole = preprocessing.normalisation === 'z-score-whole';
  const masked = preprocessing.masking === 'brain';
  let count = 0;
  let mean = 0;
  let squares = 0;
  // Welford's algorithm, because raw intensities reach tens of thousands over ten million voxels.
  for (let index = 0; index < image.voxels.length; index++) {
    const inBrain = mask.voxels[index] !== 0;
    if (!whole && !inBrain) continue;
    const value = masked && !inBrain ? 0 : image.voxels[index];
    count++;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  if (count === 0) throw new RangeError('the brain mask is empty');
  const deviation = Math.sqrt(squares / count);
  const scale = deviation > 0 ? 1 / deviation : 0;
  const background = whole ? (0 - mean) * scale : preprocessing.backgroundValue;
  const voxels = new Float32Array(image.voxels.length);
  for (let index = 0; index < voxels.length; index++)
    voxels[index] = masked && mask.voxels[index] === 0 ? background : (image.voxels[index] - mean) * scale;
  return { shape: image.shape, patientFromVoxel: image.patientFromVoxel, voxels, background };
}
