import type { Vector3 } from '../../imaging/affine.js';
import type { TrackedLesion } from '../../model/lesion.js';
import { confidenceText, lesionName } from '../lesion-label.js';
import { heights, largestSections } from '../picture/axial-section.js';
import { windowOf } from '../picture/section-image.js';
import type { TimePointImages } from '../picture/time-point-picture.js';
import type { ReportInput } from '../report-input.js';
import { drawEmptyPanel, drawFrame, drawOutlines, drawSection, squareSection, type Square } from './panel.js';
import { byRelevance } from './relevance.js';
import { colours, contentWidth, page, pageBottom, type Sheet } from './sheet.js';

const mostRows = 4;
/** Large enough for a head. */
const headMm = 215;
const gap = 6;

/** Pictures of the lesions that matter most, or of three levels if there is none. */
export function drawPictures(sheet: Sheet, input: ReportInput, images: TimePointImages, top: number): void {
  const { wording } = sheet;
  const { lesions } = input;
  const sections = largestSections(
    images.labels,
    lesions.map(({ number }) => number),
  );
  const shown = byRelevance(lesions)
    .filter(({ number }) => sections.has(number))
    .slice(0, mostRows);
  const title = shown.length > 0 ? wording.lesions : wording.nothingFound;
  const y = sheet.heading(title, top, lesions.length > shown.length ? wording.shown(shown.length, lesions.length) : '');
  const below =
    shown.length > 0
      ? drawLesionRows(
          sheet,
          images,
          lesions,
          shown.map((lesion) => ({ lesion, at: sections.get(lesion.number)! })),
          y,
        )
      : drawLevels(sheet, images, y);
  sheet.write(wording.pictureNote, page.margin, below - 2, { size: 6.5, colour: colours.faint });
}

const columnTitle = { size: 7.5, colour: colours.faint } as const;
const titleHeight = 11;

/** A row for each lesion: the whole head, the prior and the current study enlarged, and what is known about it. */
function drawLesionRows(
  sheet: Sheet,
  { prior, current, labels, priorFindings }: TimePointImages,
  lesions: readonly TrackedLesion[],
  rows: readonly { readonly lesion: TrackedLesion; readonly at: Vector3 }[],
  top: number,
): number {
  const { wording } = sheet;
  const side = Math.min(132, (pageBottom - top - titleHeight - 10) / rows.length - gap);
  const xs = [0, 1, 2].map((column) => page.margin + column * (side + gap));
  const titles = [wording.whole, wording.prior, wording.current];
  titles.forEach((title, column) => sheet.write(title, xs[column], top, columnTitle));
  const windows = { prior: prior && windowOf(prior), current: windowOf(current) };
  const [middleX, middleY] = middleOf(current);
  rows.forEach(({ lesion, at }, row) => {
    const y = top + titleHeight + row * (side + gap);
    const [whole, before, now] = xs.map((x): Square => ({ x, y, side }));
    const fieldMm = Math.max(60, 2.5 * lesion.longAxisMm);
    const head = squareSection([middleX, middleY, at[2]], headMm);
    drawSection(sheet, current, windows.current, head, whole);
    drawFrame(sheet, head, at, fieldMm, whole, colours.picture[lesion.confidence]);
    const section = squareSection(at, fieldMm);
    if (prior && windows.prior) {
      drawSection(sheet, prior, windows.prior, section, before);
      if (priorFindings) drawOutlines(sheet, priorFindings, section, before);
    } else drawEmptyPanel(sheet, wording.noPriorImage, before);
    drawSection(sheet, current, windows.current, section, now);
    drawOutlines(sheet, { labels, lesions }, section, now);
    const x = xs[2] + side + 10;
    drawFacts(sheet, lesion, x, y, page.margin + contentWidth - x);
  });
  return top + titleHeight + rows.length * (side + gap);
}

/** Three levels of the head, side by side; those of the prior, if there is one, above the current ones. */
function drawLevels(sheet: Sheet, { prior, current }: TimePointImages, top: number): number {
  const { wording } = sheet;
  const side = (contentWidth - 2 * gap) / 3;
  const [low, high] = heights(current);
  const [middleX, middleY] = middleOf(current);
  const series = [...(prior ? [[prior, wording.prior] as const] : []), [current, wording.current] as const];
  return series.reduce((y, [volume, title]) => {
    const window = windowOf(volume);
    sheet.write(title, page.margin, y, columnTitle);
    [0.65, 0.5, 0.35].forEach((fraction, column) => {
      const level = squareSection([middleX, middleY, low + fraction * (high - low)], headMm);
      const place = { x: page.margin + column * (side + gap), y: y + titleHeight, side };
      drawSection(sheet, volume, window, level, place);
    });
    return y + titleHeight + side + gap;
  }, top);
}

/** Centre of the image in the axial plane. */
function middleOf({ shape, patientFromVoxel: m }: TimePointImages['current']): Vector3 {
  const [i, j, k] = shape.map((count) => (count - 1) / 2);
  return [0, 4, 8].map((row) => m[row] * i + m[row + 1] * j + m[row + 2] * k + m[row + 3]) as unknown as Vector3;
}

function drawFacts(sheet: Sheet, lesion: TrackedLesion, x: number, top: number, width: number): void {
  const { wording, language } = sheet;
  const { confidence, change, site, volumeMm3, longAxisMm, shortAxisMm, sincePrior } = lesion;
  let y = sheet.write(lesionName(lesion, language), x, top + 2, { size: 10, typeface: 'bold', width });
  const kind = { size: 8, typeface: 'bold', colour: colours[confidence], width } as const;
  y = sheet.write(`${sheet.change(change)} · ${confidenceText(lesion, language)}`, x, y + 1, kind);
  const lines = [
    ...(site ? [language.site(site)] : []),
    sheet.volume(volumeMm3),
    `${language.decimal(longAxisMm, 1)} × ${language.decimal(shortAxisMm, 1)} mm`,
  ];
  if (sincePrior) {
    const { volumeChangePercent, intervalDays, doublingTimeDays } = sincePrior;
    if (volumeChangePercent !== null)
      lines.push(wording.volumeChange(sheet.percent(volumeChangePercent), language.days(intervalDays)));
    if (doublingTimeDays !== null) lines.push(wording.doubling(Math.round(doublingTimeDays)));
  }
  for (const line of lines) y = sheet.write(line, x, y + 2, { size: 8, width });
}
