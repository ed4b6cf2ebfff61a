import dcmjs from 'dcmjs';

/** An attribute as PS3.6 lists it. */
export interface DictionaryEntry {
  /** `0020000D` */
  readonly tag: string;
  readonly keyword: string;
  /** `xs` (US or SS) and `ox` (OB or OW) depend on other attributes. */
  readonly vr: string;
  /** `1`, `2`, `1-n`, … */
  readonly vm: string;
}

const { dictionary, nameMap } = dcmjs.data.DicomMetaDictionary;
const entries = new Map<string, DictionaryEntry | undefined>();

const entryOf = (found: dcmjs.DictionaryEntry | undefined): DictionaryEntry | undefined =>
  found && { tag: found.tag.replace(/[(),]/g, ''), keyword: found.name, vr: found.vr, vm: found.vm };

/** The standard's attribute of this tag (`0020000D`); undefined for private and unknown ones. */
export function attributeByTag(tag: string): DictionaryEntry | undefined {
  if (!entries.has(tag)) {
    const privateGroup = (parseInt(tag.slice(3, 4), 16) & 1) === 1;
    entries.set(tag, privateGroup ? undefined : entryOf(dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`]));
  }
  return entries.get(tag);
}

/** The attribute of this keyword; undefined if the standard has none. */
export const attributeByKeyword = (keyword: string): DictionaryEntry | undefined => entryOf(nameMap[keyword]);
