import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fontkit from 'fontkit';

const file = (name: string) => fileURLToPath(new URL(`../../../assets/fonts/${name}.ttf`, import.meta.url));

/** The fonts of the sheet, from our own files: the same input shall give the same bytes on every machine. */
export const fontFiles = {
  regular: file('DejaVuSansCondensed'),
  bold: file('DejaVuSansCondensed-Bold'),
  /** Chinese, Japanese and Korean characters, for names. */
  eastAsian: file('DroidSansFallback'),
} as const;

export type Typeface = keyof typeof fontFiles;

const characters = new Map<Typeface, ReadonlySet<number>>();

/** Whether a typeface has a glyph for every character: what has none would be drawn as an empty box. */
export function canDraw(typeface: Typeface, text: string): boolean {
  let known = characters.get(typeface);
  if (known === undefined) {
    const font = fontkit.create(readFileSync(fontFiles[typeface]));
    characters.set(typeface, (known = new Set('characterSet' in font ? font.characterSet : [])));
  }
  return [...text].every((character) => known.has(character.codePointAt(0)!));
}
