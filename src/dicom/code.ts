/** A coded concept (PS3.3 8.8): value, coding scheme, meaning. */
export interface Code {
  readonly value: string;
  readonly scheme: 'DCM' | 'SCT' | 'UCUM' | 'UMLS' | 'LN' | 'IBSI' | 'NCIt' | 'RFC5646' | '99PRIORA';
  readonly meaning: string;
}

export const code = (value: string, scheme: Code['scheme'], meaning: string): Code => ({ value, scheme, meaning });

/** One item of a code sequence. */
export const codeItem = ({ value, scheme, meaning }: Code) => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});
