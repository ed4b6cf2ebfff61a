// dcmjs ships no types. These are the entry points used, described as they behave.
declare module 'dcmjs' {
  namespace dcmjs {
    interface DictionaryEntry {
      /** `(0020,000D)` */
      readonly tag: string;
      readonly vr: string;
      /** The keyword. */
      readonly name: string;
      readonly vm: string;
    }

    /** Tag (`0020000D`) → element. */
    type Elements = Record<string, { vr: string; Value?: unknown[] }>;

    const data: {
      readonly DicomMetaDictionary: {
        /** By tag, `(0020,000D)`. */
        readonly dictionary: Readonly<Record<string, DictionaryEntry | undefined>>;
        /** By keyword. */
        readonly nameMap: Readonly<Record<string, DictionaryEntry | undefined>>;
        naturalizeDataset(elements: Elements): Record<string, unknown>;
        /** Values that have another VR than the dictionary says are named in `_vrMap`. */
        denaturalizeDataset(dataset: Record<string, unknown>): Elements;
      };
      readonly DicomDict: new (meta: Elements) => { dict: Elements; write(): ArrayBuffer };
      readonly DicomMessage: {
        readFile(
          bytes: ArrayBuffer,
          options?: { untilTag?: string; includeUntilTagValue?: boolean },
        ): { meta: Elements; dict: Elements };
      };
      readonly Colors: {
        /** 0 to 1 each → CIELab, as the standard writes it (PS3.3 C.10.7.1.1). */
        rgb2DICOMLAB(rgb: readonly number[]): number[];
      };
    };
  }
  export default dcmjs;
}
