/** Complex numbers, with real and imaginary parts in separate arrays. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Discrete Fourier transform X[n] = Σ x[m] e^(∓2πi mn/N), the upper sign forward; the inverse is divided by N.
 *
 * @throws RangeError if the length is not a power of two.
 */
export function fourier({ re, im }: Complex, direction: 'forward' | 'inverse' = 'forward'): Complex {
  const count = re.length;
  if (count === 0 || (count & (count - 1)) !== 0) throw new RangeError(`${count} is not a power of two`);
  const out: Complex = { re: new Float64Array(count), im: new Float64Array(count) };
  const scale = direction === 'forward' ? 1 : 1 / count;
  for (let index = 0, reversed = 0; index < count; index++) {
    out.re[reversed] = re[index] * scale;
    out.im[reversed] = im[index] * scale;
    let bit = count >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed |= bit;
  }
  for (let half = 1; half < count; half *= 2) {
    const angle = ((direction === 'forward' ? -1 : 1) * Math.PI) / half;
    for (let step = 0; step < half; step++) {
      const [c, s] = [Math.cos(angle * step), Math.sin(angle * step)];
      for (let a = step; a < count; a += 2 * half) {
        const b = a + half;
        const x = out.re[b] * c - out.im[b] * s;
        const y = out.re[b] * s + out.im[b] * c;
        out.re[b] = out.re[a] - x;
        out.im[b] = out.im[a] - y;
        out.re[a] += x;
        out.im[a] += y;
      }
    }
  }
  return out;
}
