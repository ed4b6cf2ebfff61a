import { acquiredAt } from '../source-attributes.js';
import type { ReportInput } from '../report-input.js';
import { colours, contentWidth, page, type Sheet } from './sheet.js';
import { patientName, type DrawableText, canDraw } from './drawable-text.js';

/** What every page has: whose it is on top, that it is research at the foot. @returns the y where the page's own begins. */
export function drawPageFrame(sheet: Sheet, input: ReportInput, number: number, pages: number): number {
  const { doc, wording, language } = sheet;
  const { header } = input.source;
  const right = page.margin + contentWidth;
  let y = page.margin - 4;
  sheet.write(wording.title, page.margin, y, { size: 15, typeface: 'bold' });
  const examined = dateText(sheet, acquiredAt(header).date);
  drawEnd(sheet, nameTexts(sheet, header['PatientName']), right, y + 1, 9);
  const id = [`${wording.patientID} ${idText(sheet, header['PatientID'])}`, `${wording.examination} ${examined}`];
  drawEnd(sheet, [{ text: id.join(' · '), typeface: 'regular' }], right, y + 12, 8);
  y += 26;
  const warning = input.demonstration ? wording.demonstration : language.researchUse;
  doc.rect(page.margin, y, contentWidth, 15).fill(input.demonstration ? colours.worse : colours.faint);
  const band = { size: 8, typeface: 'bold', colour: '#ffffff', width: contentWidth, align: 'center' } as const;
  sheet.write(warning, page.margin, y + 2.5, band);

  const foot = page.height - page.margin;
  sheet.rule(foot - 10);
  const { name, version } = input.software;
  const style = { size: 6.5, colour: colours.faint } as const;
  sheet.write(`${name} ${version} · ${language.researchUse}`, page.margin, foot - 7, style);
  const numbers = wording.pageOf(number, pages);
  sheet.write(numbers, right - sheet.widthOf(numbers, style), foot - 7, style);
  return y + 22;
}

/** The name in its scripts; what it says when there is none, or none that can be drawn. */
function nameTexts({ wording }: Sheet, PatientName: unknown): DrawableText[] {
  const names = patientName(PatientName);
  return names.length > 0 ? names : [{ text: wording.notStated, typeface: 'regular' }];
}

/** An identifier that our fonts cannot draw is not shown in part. */
function idText({ wording }: Sheet, PatientID: unknown): string {
  const text = typeof PatientID === 'string' ? PatientID : '';
  return text !== '' && canDraw('regular', text) ? text : wording.notStated;
}

/** `YYYYMMDD` as people write it. */
export const dateText = ({ language, wording }: Sheet, date: unknown): string =>
  typeof date === 'string' && date !== '' ? language.date(date) : wording.notStated;

/** Texts of several typefaces in one line that ends at `right`. */
function drawEnd(sheet: Sheet, texts: readonly DrawableText[], right: number, y: number, size: number): void {
  const gap = 5;
  const widths = texts.map(({ text, typeface }) => sheet.widthOf(text, { size, typeface }));
  let x = right - widths.reduce((sum, width) => sum + width + gap, -gap);
  texts.forEach(({ text, typeface }, index) => {
    sheet.write(text, x, y, { size, typeface });
    x += widths[index] + gap;
  });
}
