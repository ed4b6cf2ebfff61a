/** Numbers, dates and counted words in one language. */
export interface Format {
  /** With exactly `digits` decimals. */
  readonly decimal: (value: number, digits: number) => string;
  /** The same with its sign, + included. */
  readonly signed: (value: number, digits: number) => string;
  /** A day, from DICOM's `YYYYMMDD`; any other text is left as it is. */
  readonly date: (DA: string) => string;
}

/** @param locale BCP 47. @param dayPattern with `$1` year, `$2` month, `$3` day. */
export function formatOf(locale: string, dayPattern: string): Format {
  const decimal = (value: number, digits: number, signDisplay: 'auto' | 'exceptZero') =>
    new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      signDisplay,
      useGrouping: false,
    }).format(value);
  return {
    decimal: (value, digits) => decimal(value, digits, 'auto'),
    signed: (value, digits) => decimal(value, digits, 'exceptZero'),
    date: (DA) => DA.replace(/^(\d{4})(\d{2})(\d{2})$/, dayPattern),
  };
}

export const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** `a, b and c` */
export const listed = (words: readonly string[], and: string): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${and} ${words.at(-1)}`;
