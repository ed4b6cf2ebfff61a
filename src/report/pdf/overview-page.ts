import type { LesionChange, TrackedLesion } from '../../findings/lesion.js';
import type { ResponseAssessment } from '../../findings/response.js';
import type { Vector3 } from '../../volume/affine.js';
import { heights, largestSections } from '../axial-section.js';
import { priorIntervalDays } from '../examination.js';
import type { TimePointImages } from '../picture.js';
import { windowOf } from '../section-image.js';
import { acquiredAt } from '../source-attributes.js';
import type { ReportInput } from '../types.js';
import { dateText } from './page-frame.js';
import { drawEmptyPanel, drawFrame, drawOutlines, drawSection, squareSection, type Square } from './panel.js';
import { byRelevance } from './relevance.js';
import { colours, contentWidth, page, pageBottom, type Sheet } from './sheet.js';

const mostRows = 4;
/** A head fits into it. */
const headMm = 215;
const gap = 6;

/** Page 1: the examination, the response and its sums, and pictures of the lesions that matter most. */
export function drawOverviewPage(sheet: Sheet, input: ReportInput, images: TimePointImages, top: number): void {
  let y = drawExamination(sheet, input, top);
  y = drawResult(sheet, input, y + 4) + 8;
  y = drawPictures(sheet, input, images, y);
  const { response } = input;
  if (response === null || response.explanation.length === 0 || pageBottom - y < 40) return;
  y = sheet.heading(sheet.wording.howItCame, y + 4);
  sheet.paragraphs(response.explanation, y, pageBottom, { size: 8 }, sheet.wording.moreNotes);
}

function drawExamination(sheet: Sheet, input: ReportInput, top: number): number {
  const { wording } = sheet;
  const { header } = input.source;
  const { order, type } = input.timePoint;
  const text = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value : wording.notStated);
  const half = contentWidth / 2;
  const lines = (pairs: readonly (readonly [string, string])[], x: number, width: number) =>
    pairs.reduce((y, [key, value]) => {
      sheet.write(key, x, y, { size: 8, colour: colours.faint });
      return sheet.write(value, x + 74, y, { size: 8, width: width - 74 }) + 1.5;
    }, top);
  const left = lines(
    [
      [wording.birthDate, dateText(sheet, header['PatientBirthDate'])],
      [wording.sex, text(header['PatientSex'])],
      [wording.accession, text(header['AccessionNumber'])],
    ],
    page.margin,
    half * 0.8,
  );
  const right = lines(
    [
      [
        wording.examination,
        `${dateText(sheet, acquiredAt(header).date)}, ${wording.timePoint(order, type === 'baseline')}`,
      ],
      [wording.comparedWith, comparison(sheet, input)],
    ],
    page.margin + half * 0.8,
    half * 1.2,
  );
  return Math.max(left, right);
}

function comparison(sheet: Sheet, input: ReportInput): string {
  const { wording } = sheet;
  const { prior, noPriorReason } = input;
  if (prior === null) return wording.noPrior(noPriorReason);
  const date = dateText(sheet, prior.acquiredDate);
  if (prior.registration.verdict === 'refused') return wording.priorRefused(date, prior.registration.reason);
  const interval = priorIntervalDays(input);
  return wording.priorUsed(date, interval === null ? wording.notStated : wording.days(interval));
}

const responseColour: Readonly<Record<ResponseAssessment['overall'], string>> = {
  baseline: colours.text,
  NE: colours.text,
  SD: colours.text,
  PD: colours.worse,
  PR: colours.better,
  CR: colours.better,
};

function drawResult(sheet: Sheet, input: ReportInput, top: number): number {
  const { doc, wording, formats } = sheet;
  const { response, lesions, gone } = input;
  const height = 92;
  const widths = [contentWidth * 0.58, contentWidth * 0.42 - gap];
  const xs = [page.margin, page.margin + widths[0] + gap];
  xs.forEach((x, index) => doc.rect(x, top, widths[index], height).fill(colours.panel));
  const inner = { left: xs[0] + 8, right: xs[1] + 8, top: top + 6 };
  const label = { size: 7.5, colour: colours.faint } as const;

  let y = sheet.write(wording.response, inner.left, inner.top, label) + 1;
  const width = widths[0] - 16;
  if (response === null) sheet.write(wording.notAssessed, inner.left, y, { size: 14, typeface: 'bold' });
  else {
    const { overall, confirmed, targets, nonTargets, newLesions } = response;
    const colour = responseColour[overall];
    const open = (overall === 'CR' || overall === 'PR') && !confirmed ? `, ${wording.unconfirmedResponse}` : '';
    y = sheet.write(`${wording.responses[overall]}${open}`, inner.left, y, {
      size: 13,
      typeface: 'bold',
      colour,
      width,
    });
    const mm = (value: number) => `${formats.decimal(value, 1)} mm`;
    const against = (reference: number) =>
      reference > 0 ? `${mm(reference)}, ${formats.change(targets.sumMm / reference)}` : mm(reference);
    const lines = [
      ...(targets.lesions.length > 0
        ? [
            `${wording.targetSum} (${targets.lesions.length}): ${wording.sumAgainst(mm(targets.sumMm), against(targets.baselineSumMm), against(targets.nadirSumMm))}`,
          ]
        : []),
      ...(nonTargets.lesions.length > 0
        ? [`${wording.nonTargetLesions} (${nonTargets.lesions.length}): ${wording.nonTargets[nonTargets.category]}`]
        : []),
      ...(newLesions.length > 0
        ? [`${wording.newLesions}: ${newLesions.map(({ trackingID }) => trackingID).join(', ')}`]
        : []),
    ];
    for (const line of lines) y = sheet.write(line, inner.left, y + 1, { size: 8, width });
  }
  const scopeStyle = { ...label, size: 6.5, width };
  const scope = sheet.heightOf(wording.responseScope, scopeStyle);
  sheet.write(wording.responseScope, inner.left, top + height - scope - 4, scopeStyle);

  const found = lesions.filter(({ confidence }) => confidence === 'confirmed');
  const volumeMm3 = found.reduce((sum, lesion) => sum + lesion.volumeMm3, 0);
  const candidates = lesions.length - found.length;
  const rightWidth = widths[1] - 16;
  y = sheet.write(wording.findings, inner.right, inner.top, label) + 1;
  const bold = { size: 10, typeface: 'bold', width: rightWidth } as const;
  y = sheet.write(wording.confirmedCount(found.length, formats.volume(volumeMm3)), inner.right, y, bold) + 2;
  const counts = changeCounts(found, gone.filter(({ status }) => status === 'no longer seen').length);
  const changes = wording.changeCounts(counts);
  if (changes !== '') y = sheet.write(changes, inner.right, y, { size: 8.5, width: rightWidth }) + 2;
  if (candidates > 0) sheet.write(wording.candidateCount(candidates), inner.right, y, { size: 8, width: rightWidth });
  return top + height;
}

function changeCounts(lesions: readonly TrackedLesion[], gone: number): Record<LesionChange | 'gone', number> {
  const count = (change: LesionChange) => lesions.filter((lesion) => lesion.change === change).length;
  return {
    baseline: count('baseline'),
    new: count('new'),
    reappeared: count('reappeared'),
    grown: count('grown'),
    stable: count('stable'),
    shrunk: count('shrunk'),
    unclear: count('unclear'),
    gone,
  };
}

function drawPictures(sheet: Sheet, input: ReportInput, images: TimePointImages, top: number): number {
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

  const many = input.lesions.length > shown.length ? wording.morePictures(shown.length, input.lesions.length) : '';
  let y = sheet.heading(shown.length > 0 ? wording.lesionTable : wording.nothingFound, top, many);
  const titles =
    shown.length > 0 ? [wording.overview, wording.prior, wording.current] : [wording.prior, wording.current];
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
  return sheet.write(wording.pictureNote, page.margin, y - 2, { size: 6.5, colour: colours.faint });
}

/** Centre of the image in the axial plane. */
function middleOf({ shape, patientFromVoxel: m }: TimePointImages['current']): Vector3 {
  const [i, j, k] = shape.map((count) => (count - 1) / 2);
  return [0, 4, 8].map((row) => m[row] * i + m[row + 1] * j + m[row + 2] * k + m[row + 3]) as unknown as Vector3;
}

function drawFacts(sheet: Sheet, lesion: TrackedLesion, x: number, top: number, width: number): void {
  const { wording, formats } = sheet;
  const { trackingID, confidence, change, site, volumeMm3, longAxisMm, shortAxisMm, sincePrior } = lesion;
  let y = sheet.write(trackingID, x, top + 2, { size: 10, typeface: 'bold', width });
  const kind = { size: 8, typeface: 'bold', colour: colours[confidence], width } as const;
  y = sheet.write(`${wording.changes[change]} · ${wording.confidences[confidence]}`, x, y + 1, kind);
  const lines = [
    ...(site ? [wording.site(site)] : []),
    formats.volume(volumeMm3),
    `${formats.decimal(longAxisMm, 1)} × ${formats.decimal(shortAxisMm, 1)} mm`,
    ...(sincePrior
      ? [
          wording.sincePrior(
            formats.change(1 + sincePrior.volumeChangePercent / 100),
            wording.days(sincePrior.intervalDays),
          ),
        ]
      : []),
    ...(sincePrior?.doublingTimeDays ? [wording.doubling(Math.round(sincePrior.doublingTimeDays))] : []),
  ];
  for (const line of lines) y = sheet.write(line, x, y + 2, { size: 8, width });
}
