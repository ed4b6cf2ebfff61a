import type { Vector3 } from './affine.js';
import { spacingMm, type Volume } from './volume.js';

/**
 * Three passes of a separable moving average, close to a Gaussian of standard deviation `sigmaMm`. At the borders, the
 * average is over what lies inside the image.
 */
export function blur(volume: Volume, sigmaMm: number): Volume {
  const passes = 3;
  const voxels = volume.voxels.slice();
  spacingMm(volume).forEach((spacing, axis) => {
    // A window of 2r + 1 voxels has the variance ((2r + 1)² − 1) / 12, and variances add.
    const radius = Math.round((Math.sqrt((12 / passes) * (sigmaMm / spacing) ** 2 + 1) - 1) / 2);
    if (radius > 0) for (let pass = 0; pass < passes; pass++) averageAlong(voxels, volume.shape, axis, radius);
  });
  return { shape: volume.shape, patientFromVoxel: volume.patientFromVoxel, voxels };
}

function averageAlong(voxels: Float32Array, shape: Vector3, axis: number, radius: number): void {
  const length = shape[axis];
  const stride = axis === 0 ? 1 : axis === 1 ? shape[0] : shape[0] * shape[1];
  const sums = new Float64Array(length + 1);
  for (let line = 0; line < voxels.length / length; line++) {
    // Lines start at every voxel of the first plane across the axis.
    const start = (line % stride) + Math.floor(line / stride) * stride * length;
    for (let n = 0; n < length; n++) sums[n + 1] = sums[n] + voxels[start + n * stride];
    for (let n = 0; n < length; n++) {
      const from = Math.max(0, n - radius);
      const to = Math.min(length, n + radius + 1);
      voxels[start + n * stride] = (sums[to] - sums[from]) / (to - from);
    }
  }
}
