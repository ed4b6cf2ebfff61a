import PDFDocument from 'pdfkit';
import type { LesionChange } from '../../model/lesion.js';
import { confidenceHex } from '../lesion-label.js';
import type { Wording } from '../wording/english.js';
import type { SheetWording } from '../wording/sheet-english.js';
import { fontFiles, type Typeface } from './drawable-text.js';

/** A4 upright, in points (1/72 inch). */
export const page = { width: 595.28, height: 841.89, margin: 36 } as const;
/** Where the text of a page ends and its footer begins. */
export const pageBottom = page.height - page.margin - 14;
export const contentWidth = page.width - 2 * page.margin;

export const colours = {
  text: '#1a1c1e',
  faint: '#5f6368',
  rule: '#c8ccd0',
  panel: '#f3f5f7',
  confirmed: '#c5221f',
  candidate: '#b06000',
  worse: '#b3261e',
  better: '#146c2e',
  picture: { confirmed: confidenceHex('confirmed'), candidate: confidenceHex('candidate') },
} as const;

export interface TextStyle {
  readonly size?: number;
  readonly typeface?: Typeface;
  readonly colour?: string;
  readonly width?: number;
  readonly align?: 'left' | 'center' | 'right';
}

/** As a sentence begins. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The paper: text and lines at given positions; nothing flows by itself and no page is added unasked. */
export class Sheet {
  /** What only the sheet says. */
  readonly wording: SheetWording;

  constructor(
    readonly doc: PDFKit.PDFDocument,
    readonly language: Wording,
  ) {
    this.wording = language.sheet;
    for (const [typeface, path] of Object.entries(fontFiles)) doc.registerFont(typeface, path);
  }

  /** Writes a text, wrapped at `width`. @returns the y below it. */
  write(text: string, x: number, y: number, style: TextStyle = {}): number {
    const { width, align = 'left', colour = colours.text } = style;
    this.use(style);
    this.doc.fillColor(colour);
    if (width === undefined) this.doc.text(text, x, y, { lineBreak: false });
    else this.doc.text(text, x, y, { width, align });
    return y + this.heightOf(text, style);
  }

  heightOf(text: string, style: TextStyle): number {
    this.use(style);
    return style.width === undefined
      ? this.doc.currentLineHeight(true)
      : this.doc.heightOfString(text, { width: style.width });
  }

  widthOf(text: string, style: TextStyle): number {
    this.use(style);
    return this.doc.widthOfString(text);
  }

  /** The title of a section with a line below it. @returns the y below it. */
  heading(text: string, y: number, note = ''): number {
    const size = 10.5;
    this.write(text, page.margin, y, { size, typeface: 'bold' });
    if (note !== '') {
      const width = contentWidth - this.widthOf(text, { size, typeface: 'bold' }) - 12;
      const noteStyle = { size: 7, colour: colours.faint, width, align: 'right' } as const;
      this.write(note, page.margin + contentWidth - width, y + 3.5, noteStyle);
    }
    this.rule(y + 15);
    return y + 20;
  }

  rule(y: number): void {
    this.doc
      .lineWidth(0.5)
      .strokeColor(colours.rule)
      .moveTo(page.margin, y)
      .lineTo(page.margin + contentWidth, y)
      .stroke();
  }

  /**
   * Writes sentences one below the other, as many as fit above `bottom`; the rest is counted by `more`.
   * @returns the y below them.
   */
  paragraphs(
    sentences: readonly string[],
    [x, y]: readonly [number, number],
    bottom: number,
    style: TextStyle & { readonly width: number },
    more: (count: number) => string,
  ): number {
    const gap = 2;
    let at = y;
    for (const [index, sentence] of sentences.entries()) {
      const left = sentences.length - index;
      const reserve = left > 1 ? this.heightOf(more(left - 1), style) + gap : 0;
      if (at + this.heightOf(sentence, style) + reserve > bottom)
        return this.write(more(left), x, at, { ...style, colour: colours.faint });
      at = this.write(sentence, x, at, style) + gap;
    }
    return at;
  }

  /** A volume as readers expect it: cm³ with two decimals, three below 0.1. */
  volume(volumeMm3: number): string {
    return `${this.language.decimal(volumeMm3 / 1000, volumeMm3 < 100 ? 3 : 2)} cm³`;
  }

  /** What became of a lesion, in a word or two. */
  change(change: LesionChange): string {
    return this.wording.changes[change];
  }

  /** A relative change, `+25 %`. */
  percent(change: number): string {
    return `${this.language.signed(change, 0)} %`;
  }

  private use({ size = 8, typeface = 'regular' }: TextStyle): void {
    this.doc.font(typeface).fontSize(size);
  }
}

/**
 * Draws a document of A4 pages, synchronously and with nothing in it that the arguments do not say: equal arguments
 * give equal bytes.
 *
 * @param info its title, subject and author, and the date it bears.
 */
export function drawDocument(
  language: Wording,
  info: { readonly title: string; readonly subject: string; readonly author: string; readonly date: Date },
  pages: readonly ((sheet: Sheet) => void)[],
): Buffer {
  const doc = new PDFDocument({
    size: [page.width, page.height],
    // Text is placed, not flowed: a margin would only make the library start pages by itself.
    margin: 0,
    autoFirstPage: false,
    lang: language.sheet.language,
    displayTitle: true,
    info: {
      Title: info.title,
      Subject: info.subject,
      Author: info.author,
      CreationDate: info.date,
      ModDate: info.date,
    },
  });
  const sheet = new Sheet(doc, language);
  for (const draw of pages) {
    doc.addPage();
    draw(sheet);
  }
  doc.end();
  const chunks: Buffer[] = [];
  for (let chunk = doc.read() as Buffer | null; chunk !== null; chunk = doc.read() as Buffer | null) chunks.push(chunk);
  return Buffer.concat(chunks);
}
