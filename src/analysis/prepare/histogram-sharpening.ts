import { fourier, type Complex } from './fourier.js';

/**
 * How much the bias widens tissue peaks (full width at half maximum, log intensity), and how noisy the histogram is.
 */
export interface Sharpening {
  readonly fullWidthAtHalfMaximum: number;
  readonly wienerNoise: number;
  readonly bins: number;
}

/**
 * Estimates what each log intensity was before a bias field blurred the histogram: the histogram is deconvolved by a
 * Gaussian (Wiener filter), and each value is replaced by its expectation given the sharpened histogram.
 *
 * @param values log intensities.
 * @param used the voxels that count; the others keep whatever `result` holds.
 * @see Sled, Zijdenbos, Evans 1998 (N3), eqs. 9–13; Tustison 2010
 */
export function sharpen(values: Float64Array, used: Uint8Array, result: Float64Array, settings: Sharpening): void {
  const { bins, fullWidthAtHalfMaximum, wienerNoise } = settings;
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < values.length; index++) {
    if (used[index] === 0) continue;
    if (values[index] < low) low = values[index];
    if (values[index] > high) high = values[index];
  }
  const width = (high - low) / (bins - 1);
  if (!(width > 0)) {
    result.set(values);
    return;
  }
  // Each value is shared between the two nearest bins, in the middle of an array that is a power of two and twice as
  // wide.
  const size = 2 ** (Math.ceil(Math.log2(bins)) + 1);
  const offset = (size - bins) >> 1;
  const histogram = complex(size);
  for (let index = 0; index < values.length; index++) {
    if (used[index] === 0) continue;
    const at = (values[index] - low) / width;
    const bin = Math.min(Math.floor(at), bins - 1);
    const part = at - bin;
    histogram.re[offset + bin] += 1 - part;
    if (bin < bins - 1) histogram.re[offset + bin + 1] += part;
  }

  const blur = fourier(gaussian(size, fullWidthAtHalfMaximum / width));
  const spectrum = fourier(histogram);
  for (let n = 0; n < size; n++) {
    const power = blur.re[n] ** 2 + blur.im[n] ** 2 + wienerNoise;
    const [re, im] = [blur.re[n] / power, -blur.im[n] / power];
    multiply(spectrum, n, re, im);
  }
  const sharp = fourier(spectrum, 'inverse');
  const moment = complex(size);
  for (let n = 0; n < size; n++) {
    sharp.re[n] = Math.max(sharp.re[n], 0);
    sharp.im[n] = 0;
    moment.re[n] = sharp.re[n] * (low + (n - offset) * width);
  }
  const [weights, moments] = [sharp, moment].map((signal) => {
    const transformed = fourier(signal);
    for (let n = 0; n < size; n++) multiply(transformed, n, blur.re[n], blur.im[n]);
    return fourier(transformed, 'inverse').re;
  });
  const expected = Float64Array.from({ length: bins }, (_, bin) => {
    const weight = weights[offset + bin];
    return weight !== 0 ? moments[offset + bin] / weight : 0;
  });
  for (let index = 0; index < values.length; index++) {
    if (used[index] === 0) continue;
    const at = (values[index] - low) / width;
    const bin = Math.min(Math.floor(at), bins - 1);
    const next = expected[Math.min(bin + 1, bins - 1)];
    result[index] = expected[bin] + (next - expected[bin]) * (at - bin);
  }
}

const complex = (size: number): Complex => ({ re: new Float64Array(size), im: new Float64Array(size) });

/** A Gaussian of unit area around index 0, wrapping around; `width` is its full width at half maximum in bins. */
function gaussian(size: number, width: number): Complex {
  const signal = complex(size);
  for (let n = 0; n < size; n++) {
    const distance = Math.min(n, size - n);
    signal.re[n] = (2 * Math.sqrt(Math.LN2 / Math.PI) * Math.exp(-4 * Math.LN2 * (distance / width) ** 2)) / width;
  }
  return signal;
}

/** signal[n] *= re + i im */
function multiply(signal: Complex, n: number, re: number, im: number): void {
  const [a, b] = [signal.re[n], signal.im[n]];
  signal.re[n] = a * re - b * im;
  signal.im[n] = a * im + b * re;
}
