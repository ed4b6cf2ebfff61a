/**
 * Otsu's threshold: the upper edge of the histogram bin that divides the values into the two classes with the largest
 * variance between them. Voxels above it are the brighter class. If all values are equal: that value.
 *
 * @see Otsu 1979, eq. 14
 */
export function otsuThreshold(values: Float32Array, bins = 200): number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return high;
  const width = (high - low) / bins;
  const histogram = new Float64Array(bins);
  for (const value of values) histogram[Math.min(bins - 1, Math.floor((value - low) / width))]++;
  const total = values.length;
  const mean = histogram.reduce((sum, count, bin) => sum + count * bin, 0) / total;
  let best = -1;
  let threshold = 0;
  let below = 0;
  let belowSum = 0;
  for (let bin = 0; bin < bins - 1; bin++) {
    below += histogram[bin];
    belowSum += histogram[bin] * bin;
    if (below === 0 || below === total) continue;
    const between = (mean * below - belowSum) ** 2 / (below * (total - below));
    if (between > best) {
      best = between;
      threshold = low + (bin + 1) * width;
    }
  }
  return threshold;
}
