import type { Vector3 } from '../../imaging/affine.js';
import type { Volume } from '../../imaging/volume.js';
import { BSplineLattice, evenPlaces } from './bspline-lattice.js';
import { sharpen } from './histogram-sharpening.js';
import { otsuThreshold } from './otsu.js';

/** What a model's manifest says about the scanner's shading: leave it, or correct it by N4. */
export type BiasCorrection = 'none' | 'n4';

/** The defaults of 3D Slicer's N4 module, with which the authors prepared their images. */
const shrinkFactor = 4;
/** The most iterations with 4, 5 and 7 control points per axis: 1, 2 and 4 spans. */
const levels = [
  { spans: 1, iterations: 50 },
  { spans: 2, iterations: 40 },
  { spans: 4, iterations: 30 },
];
const convergence = 1e-4;
const sharpening = { fullWidthAtHalfMaximum: 0.15, wienerNoise: 0.01, bins: 200 };

/**
 * The image without its smooth shading. With `n4`, every 4th voxel above Otsu's threshold is used; the logarithm of the
 * shading is a cubic B-spline field, found by repeatedly sharpening the histogram of log intensities. Voxels that are
 * not positive are divided by the field, too.
 *
 * @see Tustison 2010, N4ITK: improved N3 bias correction
 */
export function correctBias(image: Volume, method: BiasCorrection): Volume {
  if (method === 'none') return image;
  const logField = estimateLogField(image);
  const voxels = new Float32Array(image.voxels.length);
  for (let index = 0; index < voxels.length; index++) voxels[index] = image.voxels[index] * Math.exp(-logField[index]);
  return { shape: image.shape, patientFromVoxel: image.patientFromVoxel, voxels };
}

/** The natural logarithm of the shading at every voxel of `image`; 0 if there is nothing to estimate it from. */
function estimateLogField(image: Volume): Float32Array {
  const logField = new Float32Array(image.voxels.length);
  const { shape, values, used, places } = subsample(image);
  if (!used.includes(1)) return logField;
  const field = new Float64Array(values.length);
  const uncorrected = new Float64Array(values.length);
  const sharpened = new Float64Array(values.length);
  const residual = new Float64Array(values.length);
  for (const { spans, iterations } of levels) {
    const lattice = new BSplineLattice([spans, spans, spans]);
    const fit = lattice.fitter(shape, used);
    // This level's own contribution to the field; levels add up.
    let part = new Float64Array(values.length);
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (let index = 0; index < values.length; index++)
        uncorrected[index] = values[index] - field[index] - part[index];
      sharpen(uncorrected, used, sharpened, sharpening);
      for (let index = 0; index < values.length; index++)
        if (used[index] !== 0) residual[index] = uncorrected[index] - sharpened[index];
      fit(residual);
      const next = new Float64Array(values.length);
      lattice.addTo(next, shape.map(evenPlaces));
      const change = coefficientOfVariation(part, next, used);
      part = next;
      if (change <= convergence) break;
    }
    part.forEach((value, index) => (field[index] += value));
    lattice.addTo(logField, places);
  }
  return logField;
}

/**
 * The voxels that N4 uses: log intensities, which of them count, and where the image's voxels lie in their box (0 to
 * 1).
 */
function subsample({ shape: full, voxels }: Volume) {
  const step = full.map((count) => Math.max(1, Math.min(shrinkFactor, count >> 1)));
  const shape = full.map((count, axis) => Math.floor(count / step[axis])) as unknown as Vector3;
  const margin = full.map((count, axis) => (count - 1 - step[axis] * (shape[axis] - 1)) / 2);
  const threshold = otsuThreshold(voxels);
  const values = new Float64Array(shape[0] * shape[1] * shape[2]);
  const used = new Uint8Array(values.length);
  const [i0, j0, k0] = margin.map(Math.round);
  let index = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, index++) {
        const at = i0 + step[0] * i + full[0] * (j0 + step[1] * j + full[1] * (k0 + step[2] * k));
        if (!(voxels[at] > threshold && voxels[at] > 0)) continue;
        values[index] = Math.log(voxels[at]);
        used[index] = 1;
      }
  const places = full.map((count, axis) =>
    Float64Array.from(
      { length: count },
      (_, voxel) => (voxel - margin[axis]) / (step[axis] * Math.max(shape[axis] - 1, 1)),
    ),
  );
  return { shape, values, used, places };
}

/** Standard deviation over mean of the quotient of two fields, given as logarithms: how much an iteration changed. */
function coefficientOfVariation(before: Float64Array, after: Float64Array, used: Uint8Array): number {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let index = 0; index < used.length; index++) {
    if (used[index] === 0) continue;
    const quotient = Math.exp(before[index] - after[index]);
    count++;
    const delta = quotient - mean;
    mean += delta / count;
    squares += delta * (quotient - mean);
  }
  return count > 1 ? Math.sqrt(squares / (count - 1)) / mean : 0;
}
