import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fontkit from 'fontkit';

const file = (name: string) => fileURLToPath(new URL(`../../../assets/fonts/${name}.ttf`, import.meta.url));

/** The fonts of the sheet, from our own files, so that the same input gives the same bytes on every machine. */
export const fontFiles = {
  regular: file('DejaVuSansCondensed'),
  bold: file('DejaVuSansCondensed-Bold'),
  /** Chinese, Japanese and Korean characters, for names. */
  eastAsian: file('DroidSansFallback'),
} as const;

export type Typeface = keyof typeof fontFiles;

const characters = new Map<Typeface, ReadonlySet<number>>();

/** Whether a typeface has a glyph for every character: a missing one would be drawn as an empty box. */
export function canDraw(typeface: Typeface, text: string): boolean {
  let known = characters.get(typeface);
  if (known === undefined) {
    const font = fontkit.create(readFileSync(fontFiles[typeface]));
    characters.set(typeface, (known = new Set('characterSet' in font ? font.characterSet : [])));
  }
  return [...text].every((character) => known.has(character.codePointAt(0)!));
}

/** The text if a typeface has all of its glyphs. */
export interface DrawableText {
  readonly text: string;
  readonly typeface: Typeface;
}

/**
 * A PatientName for people to read: each component group (PS3.5 6.2.1), `Family, Given Middle`, the alphabetic one
 * first. A group that none of our fonts can draw in full is left out rather than shown as boxes.
 *
 * @param PatientName as the naturalised header has it: text with `=` between groups, or an object of them.
 */
export function patientName(PatientName: unknown): DrawableText[] {
  return componentGroups(PatientName).flatMap((group, index): DrawableText[] => {
    // The comma is a habit of the alphabetic scripts.
    const text = readable(group, index === 0 ? ', ' : ' ');
    const typeface = (['bold', 'eastAsian'] as const).find((face) => canDraw(face, text));
    return text !== '' && typeface ? [{ text, typeface }] : [];
  });
}

function componentGroups(value: unknown): string[] {
  const single: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof single === 'string') return single.split('=');
  if (typeof single !== 'object' || single === null) return [];
  const { Alphabetic, Ideographic, Phonetic } = single as Record<string, unknown>;
  return [Alphabetic, Ideographic, Phonetic].map((group) => (typeof group === 'string' ? group : ''));
}

function readable(group: string, comma: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map((part) => part.trim());
  const rest = [prefix, given, middle, suffix].filter((part) => part !== '').join(' ');
  return [family, rest].filter((part) => part !== '').join(comma);
}
