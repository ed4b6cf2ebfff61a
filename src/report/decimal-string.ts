/**
 * A number as DICOM writes it: at most 16 characters, with as many digits as fit (PS3.5 6.2, VR DS).
 *
 * @throws RangeError for a value that is not a finite number.
 */
export function decimalString(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written as a decimal string`);
  const plain = String(Object.is(value, -0) ? 0 : value);
  if (plain.length <= 16) return plain;
  for (let digits = 16; digits > 0; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return value.toExponential(8);
}

/** A measured value: rounded to `decimals`, without trailing zeros. */
export const roundedDecimalString = (value: number, decimals: number): string =>
  decimalString(Number(value.toFixed(decimals)));
