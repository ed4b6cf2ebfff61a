import type { LabelMap, Volume } from '../volume/volume.js';

/** What a model's manifest says of its inputs. */
export interface Preprocessing {
  /** `brain`: what lies outside the brain mask takes `backgroundValue`. */
  masking: 'brain' | 'none';
  /** Where mean 0 and variance 1 hold. */
  normalisation: 'z-score-in-mask' | 'z-score-whole';
  backgroundValue: number;
}

/**
 * An image as a network wants it: mean 0 and variance 1 within the mask or over the whole image (of a constant region: 0).
 *
 * @throws RangeError when image and mask differ in size, or the mask is empty where it is needed.
 */
export function normalise(image: Volume, mask: LabelMap, preprocessing: Preprocessing): Volume {
  if (mask.voxels.length !== image.voxels.length) throw new RangeError('image and mask lie on different grids');
  const { masking, normalisation, backgroundValue } = preprocessing;
  const inside = (index: number) => normalisation === 'z-score-whole' || mask.voxels[index] !== 0;
  let count = 0;
  let mean = 0;
  let squares = 0;
  // Welford: raw intensities reach tens of thousands over ten million voxels.
  for (let index = 0; index < image.voxels.length; index++) {
    if (!inside(index)) continue;
    count++;
    const delta = image.voxels[index] - mean;
    mean += delta / count;
    squares += delta * (image.voxels[index] - mean);
  }
  if (count === 0) throw new RangeError('the brain mask is empty');
  const deviation = Math.sqrt(squares / count);
  const scale = deviation > 0 ? 1 / deviation : 0;
  const voxels = new Float32Array(image.voxels.length);
  for (let index = 0; index < voxels.length; index++)
    voxels[index] =
      masking === 'brain' && mask.voxels[index] === 0 ? backgroundValue : (image.voxels[index] - mean) * scale;
  return { shape: image.shape, patientFromVoxel: image.patientFromVoxel, voxels };
}
