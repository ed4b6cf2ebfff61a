import { items, text, type Dataset } from './dataset.js';

import { z } from 'zod';

/** A coded concept (PS3.3 8.8): value, coding scheme, meaning. */
export const codeSchema = z
  .object({
    value: z.string(),
    scheme: z.enum(['DCM', 'SCT', 'UCUM', 'UMLS', 'LN', 'IBSI', 'NCIt', 'RFC5646', '99PRIORA']),
    meaning: z.string(),
  })
  .readonly();
export type Code = z.output<typeof codeSchema>;

export const code = (value: string, scheme: Code['scheme'], meaning: string): Code => ({ value, scheme, meaning });

/** One item of a code sequence. */
export const codeItem = ({ value, scheme, meaning }: Code) => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});

/** A coded concept as some system wrote it; parts that it left out are empty strings. */
export interface ReadCode {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/** The first item of a code sequence; undefined if there is none. */
export function codeIn(dataset: Dataset, keyword: string): ReadCode | undefined {
  const [item] = items(dataset, keyword);
  return (
    item && {
      value: text(item, 'CodeValue') ?? text(item, 'LongCodeValue') ?? text(item, 'URNCodeValue') ?? '',
      scheme: text(item, 'CodingSchemeDesignator') ?? '',
      meaning: text(item, 'CodeMeaning') ?? '',
    }
  );
}
