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
