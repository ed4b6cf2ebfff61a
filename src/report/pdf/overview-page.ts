import type { TrackedLesion } from '../../findings/lesion.js';
import type { ResponseAssessment } from '../../findings/response.js';
import type { Vector3 } from '../../volume/affine.js';
import { heights, largestSections } from '../axial-section.js';
import { priorIntervalDays } from '../examination.js';
import type { TimePointImages } from '../picture.js';
import { windowOf } from '../section-image.js';
import { acquiredAt } from '../source-attributes.js';
import type { ReportInput } from '../types.js';
import { describeResponse } from '../wording/describe-response.js';
import { dateText } from './page-frame.js';
import { drawEmptyPanel, drawFrame, drawOutlines, drawSection, squareSection, type Square } from './panel.js';
import { byRelevance, changesByUrgency } from './relevance.js';
import { canDraw } from './typefaces.js';
import { colours, contentWidth, page, pageBottom, type Sheet } from './sheet.js';

const mostRows = 4;
/** A head fits into it. */
const headMm = 215;
const gap = 6;

/** Page 1: the examination, the response and its sums, and pictures of the lesions that matter most. */
export function drawOverviewPage(sheet: Sheet, input: ReportInput, images: TimePointImages, top: number): void {
  const y = drawResult(sheet, input, drawExamination(sheet, input, top) + 4);
  drawPictures(sheet, input, images, y + 8);
}

function drawExamination(sheet: Sheet, input: ReportInput, top: number): number {
  const { wording } = sheet;
  const { header } = input.source;
  const text = (value: unknown) =>
    typeof value === 'string' && value.trim() !== '' && canDraw('regular', value) ? value : wording.notStated;
  const column = (x: number, width: number, pairs: readonly (readonly [string, string])[]) =>
    pairs.reduce((y, [key, value]) => {
      sheet.write(key, x, y, { size: 8, colour: colours.faint });
      return sheet.write(value, x + 74, y, { size: 8, width: width - 74 }) + 1.5;
    }, top);
  const examined = `${dateText(sheet, acquiredAt(header).date)}, ${wording.timePoint(input.timePoint.order)}`;
  const width = contentWidth * 0.4;
  const left = column(page.margin, width, [
    [wording.birthDate, dateText(sheet, header['PatientBirthDate'])],
    [wording.sex, text(header['PatientSex'])],
    [wording.accession, text(header['AccessionNumber'])],
  ]);
  const right = column(page.margin + width, contentWidth - width, [
    [wording.examination, examined],
    [wording.comparedWith, comparison(sheet, input)],
  ]);
  return Math.max(left, right);
}

function comparison(sheet: Sheet, input: ReportInput): string {
  const { wording, language } = sheet;
  const { prior, noPriorReason } = input;
  if (prior === null) return wording.noPrior(noPriorReason ? language.remark(noPriorReason) : wording.notStated);
  const date = dateText(sheet, prior.acquiredDate);
  const { refusal } = prior.registration;
  if (refusal) return wording.priorRefused(date, language.refusal(refusal));
  const interval = priorIntervalDays(input);
  return wording.priorUsed(date, interval === null ? null : language.days(interval));
}

const responseColour: Readonly<Record<ResponseAssessment['overall'], string>> = {
  baseline: colours.text,
  NE: colours.text,
  SD: colours.text,
  'non-CR/non-PD': colours.text,
  PD: colours.worse,
  PR: colours.better,
  CR: colours.better,
};

/** Response on the left, findings on the right. */
function drawResult(sheet: Sheet, input: ReportInput, top: number): number {
  const { doc } = sheet;
  const padding = 8;
  const widths = [contentWidth * 0.64, contentWidth * 0.36 - gap];
  const boxes = widths.map((width, index) => ({
    x: page.margin + (index === 0 ? 0 : widths[0] + gap) + padding,
    y: top + 5,
    width: width - 2 * padding,
  }));
  const { response } = input;
  const sentences = response === null ? [] : describeResponse(response, sheet.language).slice(1);
  const style = { size: 7.5, width: boxes[0].width };
  const wanted = sentences.reduce((sum, sentence) => sum + sheet.heightOf(sentence, style) + 2, 38);
  const height = Math.min(Math.max(wanted, 62), 138);
  widths.forEach((width, index) => doc.rect(boxes[index].x - padding, top, width, height).fill(colours.panel));
  drawResponse(sheet, response, sentences, boxes[0], top + height - 3);
  drawFindings(sheet, input, boxes[1]);
  return top + height;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const boxTitle = { size: 7.5, colour: colours.faint } as const;

/** The verdict, and below it the numbers it came from. */
function drawResponse(
  sheet: Sheet,
  response: ResponseAssessment | null,
  sentences: readonly string[],
  { x, y, width }: Box,
  bottom: number,
): void {
  const { wording, language } = sheet;
  const verdict = response === null ? wording.notAssessed : language.responses[response.overall];
  const colour = response === null ? colours.text : responseColour[response.overall];
  const below = sheet.write(wording.response, x, y, boxTitle) + 1;
  const at = sheet.write(capitalised(verdict), x, below, { size: 13, typeface: 'bold', colour, width }) + 2;
  sheet.paragraphs(sentences, [x, at], bottom, { size: 7.5, width }, wording.moreSentences);
}

/** How many lesions there are and what became of them. */
function drawFindings(sheet: Sheet, { lesions, gone }: ReportInput, { x, y, width }: Box): void {
  const { wording, language } = sheet;
  const found = lesions.filter(({ confidence }) => confidence === 'confirmed');
  const volumeMm3 = found.reduce((sum, lesion) => sum + lesion.volumeMm3, 0);
  const candidates = lesions.length - found.length;
  const missing = gone.filter(({ status }) => status === 'no longer seen').length;
  const counts = [
    ...changesByUrgency.map((change) => [
      found.filter((lesion) => lesion.change === change).length,
      language.changes[change],
    ]),
    [missing, wording.gone],
  ] as const;
  const changes = counts.filter(([count]) => count !== 0).map(([count, word]) => `${count} ${word}`);
  let at = sheet.write(wording.findings, x, y, boxTitle) + 1;
  const bold = { size: 10, typeface: 'bold', width } as const;
  at = sheet.write(wording.confirmed(found.length, sheet.volume(volumeMm3)), x, at, bold) + 2;
  if (changes.length > 0) at = sheet.write(changes.join(' · '), x, at, { size: 8.5, width }) + 2;
  if (candidates > 0) sheet.write(wording.candidates(candidates), x, at, { size: 8, width });
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function drawPictures(sheet: Sheet, input: ReportInput, images: TimePointImages, top: number): void {
  const { wording } = sheet;
  const { prior, current, labels } = images;
  const windows = { prior: prior && windowOf(prior), current: windowOf(current) };
  const sections = largestSections(
    labels,
    input.lesions.map(({ number }) => number),
  );
  const shown = byRelevance(input.lesions)
    .filter(({ number }) => sections.has(number))
    .slice(0, mostRows);
  const confidenceOf = new Map(input.lesions.map(({ number, confidence }) => [number, confidence]));
  const [low, high] = heights(current);
  const middle = middleOf(current);
  const draw = (place: Square, volume: TimePointImages['prior'], point: Vector3, fieldMm: number) => {
    const section = squareSection(point, fieldMm);
    const window = volume === current ? windows.current : windows.prior;
    if (volume && window) drawSection(sheet, volume, window, section, place);
    else drawEmptyPanel(sheet, wording.noPriorImage, place);
    return section;
  };

  const many = input.lesions.length > shown.length ? wording.shown(shown.length, input.lesions.length) : '';
  let y = sheet.heading(shown.length > 0 ? wording.lesions : wording.nothingFound, top, many);
  const titles = shown.length > 0 ? [wording.whole, wording.prior, wording.outlined] : [wording.prior, wording.current];
  const rows = Math.max(shown.length, shown.length === 0 ? 3 : 1);
  const titleHeight = 11;
  const side = Math.min(132, (pageBottom - y - titleHeight - 10) / rows - gap);
  const xs = titles.map((_, column) => page.margin + column * (side + gap));
  titles.forEach((title, column) => sheet.write(title, xs[column], y, { size: 7.5, colour: colours.faint }));
  y += titleHeight;

  if (shown.length === 0)
    for (const fraction of [0.65, 0.5, 0.35]) {
      const point: Vector3 = [middle[0], middle[1], low + fraction * (high - low)];
      draw({ x: xs[0], y, side }, prior, point, headMm);
      draw({ x: xs[1], y, side }, current, point, headMm);
      y += side + gap;
    }
  for (const lesion of shown) {
    const at = sections.get(lesion.number)!;
    const fieldMm = Math.max(60, 2.5 * lesion.longAxisMm);
    const whole = { x: xs[0], y, side };
    const section = draw(whole, current, [middle[0], middle[1], at[2]], headMm);
    drawFrame(sheet, section, at, fieldMm, whole, colours.picture[lesion.confidence]);
    draw({ x: xs[1], y, side }, prior, at, fieldMm);
    const place = { x: xs[2], y, side };
    drawOutlines(sheet, labels, confidenceOf, draw(place, current, at, fieldMm), place);
    const factsX = xs[2] + side + 10;
    drawFacts(sheet, lesion, factsX, y, page.margin + contentWidth - factsX);
    y += side + gap;
  }
  sheet.write(wording.pictureNote, page.margin, y - 2, { size: 6.5, colour: colours.faint });
}

/** Centre of the image in the axial plane. */
function middleOf({ shape, patientFromVoxel: m }: TimePointImages['current']): Vector3 {
  const [i, j, k] = shape.map((count) => (count - 1) / 2);
  return [0, 4, 8].map((row) => m[row] * i + m[row + 1] * j + m[row + 2] * k + m[row + 3]) as unknown as Vector3;
}

function drawFacts(sheet: Sheet, lesion: TrackedLesion, x: number, top: number, width: number): void {
  const { wording, language } = sheet;
  const { trackingID, confidence, change, site, volumeMm3, longAxisMm, shortAxisMm, sincePrior } = lesion;
  let y = sheet.write(trackingID, x, top + 2, { size: 10, typeface: 'bold', width });
  const kind = { size: 8, typeface: 'bold', colour: colours[confidence], width } as const;
  y = sheet.write(`${language.changes[change]} · ${language.confidences[confidence]}`, x, y + 1, kind);
  const lines = [
    ...(site ? [language.site(site)] : []),
    sheet.volume(volumeMm3),
    `${language.decimal(longAxisMm, 1)} × ${language.decimal(shortAxisMm, 1)} mm`,
  ];
  if (sincePrior) {
    const { volumeChangePercent, intervalDays, doublingTimeDays } = sincePrior;
    lines.push(wording.volumeChange(sheet.percent(volumeChangePercent), language.days(intervalDays)));
    if (doublingTimeDays !== null) lines.push(wording.doubling(Math.round(doublingTimeDays)));
  }
  for (const line of lines) y = sheet.write(line, x, y + 2, { size: 8, width });
}
