import type { ResponseAssessment } from '../../model/response.js';
import type { TimePointImages } from '../picture/time-point-picture.js';
import type { ReportInput } from '../report-input.js';
import { acquiredAt, priorIntervalDays } from '../source-attributes.js';
import { canDraw } from './drawable-text.js';
import { drawPictures } from './lesion-pictures.js';
import { dateText } from './page-frame.js';
import { changesByUrgency } from './relevance.js';
import { capitalised, colours, contentWidth, page, type Sheet } from './sheet.js';

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

const resultHeight = 96;

/** Response on the left, findings on the right. */
function drawResult(sheet: Sheet, input: ReportInput, top: number): number {
  const padding = 8;
  const widths = [contentWidth * 0.66, contentWidth * 0.34 - gap];
  const boxes = widths.map((width, index) => {
    const left = page.margin + (index === 0 ? 0 : widths[0] + gap);
    sheet.doc.rect(left, top, width, resultHeight).fill(colours.panel);
    return { x: left + padding, y: top + 5, width: width - 2 * padding };
  });
  drawResponse(sheet, input.response, boxes[0], top + resultHeight - 3);
  drawFindings(sheet, input, boxes[1]);
  return top + resultHeight;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const boxTitle = { size: 7.5, colour: colours.faint } as const;

/** The verdict with its sums and whatever else decides it; page 2 has all of the numbers. */
function drawResponse(sheet: Sheet, response: ResponseAssessment | null, { x, y, width }: Box, bottom: number): void {
  const { wording, language } = sheet;
  const verdict = response === null ? wording.notAssessed : language.responses[response.overall];
  const colour = response === null ? colours.text : responseColour[response.overall];
  let at = sheet.write(wording.response, x, y, boxTitle) + 1;
  at = sheet.write(capitalised(verdict), x, at, { size: 13, typeface: 'bold', colour, width }) + 2;
  if (response === null) return;
  const { targets } = response;
  const isWhole = targets.category !== 'NE';
  if (targets.lesions.length > 0 && isWhole) at = drawSums(sheet, response, x, at, width) + 2;
  const { notEvaluable, underImmunotherapy, confirmed, sustainedDays, confirmationDays, newLesions } = response;
  const sentences = [
    ...(notEvaluable ? [language.notEvaluable(notEvaluable)] : []),
    // Not all targets are within the field of view: their sum is incomplete, and must not be set beside the others.
    ...(isWhole
      ? []
      : [language.targetsNotShown(targets.sumMm, targets.baselineSumMm, targets.nadirSumMm, targets.nadirOrder)]),
    ...(newLesions.length > 0
      ? [wording.newLesions(language.joined(newLesions.map(({ trackingID }) => trackingID)))]
      : []),
    ...(underImmunotherapy ? [language.underImmunotherapy(underImmunotherapy)] : []),
    ...(sustainedDays === null ? [] : [language.lasting(confirmed, sustainedDays, confirmationDays)]),
  ];
  sheet.paragraphs(sentences, [x, at], bottom, { size: 7.5, width }, wording.moreSentences);
}

/** The sum of the targets' longest diameters now, at baseline and at nadir, with the changes since. */
function drawSums(sheet: Sheet, { overall, targets }: ResponseAssessment, x: number, y: number, width: number): number {
  const { wording, language } = sheet;
  const { sumMm, baselineSumMm, nadirSumMm } = targets;
  const since = (reference: number) => (reference > 0 ? sheet.percent(100 * (sumMm / reference - 1)) : null);
  const isStart = overall === 'baseline' || targets.category === 'baseline';
  const sums = [
    [sumMm, wording.sums.now(targets.lesions.length)],
    ...(isStart
      ? []
      : ([
          [baselineSumMm, wording.sums.baseline(since(baselineSumMm))],
          [nadirSumMm, wording.sums.nadir(since(nadirSumMm))],
        ] as const)),
  ] as const;
  const columns = [0, 0.46, 0.74].map((part) => x + part * width);
  sums.forEach(([mm, label], index) => {
    sheet.write(`${language.decimal(mm, 1)} mm`, columns[index], y, { size: 10, typeface: 'bold' });
    sheet.write(label, columns[index], y + 12, { size: 7, colour: colours.faint });
  });
  return y + 21;
}

/** How many lesions there are and what became of them. */
function drawFindings(sheet: Sheet, { lesions, gone }: ReportInput, { x, y, width }: Box): void {
  const { wording } = sheet;
  const found = lesions.filter(({ confidence }) => confidence === 'confirmed');
  const volumeMm3 = found.reduce((sum, lesion) => sum + lesion.volumeMm3, 0);
  const candidates = lesions.length - found.length;
  const missing = gone.filter(({ status }) => status === 'not visualised').length;
  const counts = [
    ...changesByUrgency.map((change) => [
      found.filter((lesion) => lesion.change === change).length,
      sheet.change(change),
    ]),
    [missing, wording.gone],
  ] as const;
  // A count and its word stay on one line.
  const changes = counts
    .filter(([count]) => count !== 0)
    .map(([count, word]) => `${count} ${word}`.replaceAll(' ', '\u00a0'));
  let at = sheet.write(wording.findings, x, y, boxTitle) + 1;
  const bold = { size: 11, typeface: 'bold', width } as const;
  at = sheet.write(wording.confirmed(found.length), x, at, bold) + 2;
  if (found.length > 0) at = sheet.write(wording.totalVolume(sheet.volume(volumeMm3)), x, at, { size: 8, width }) + 2;
  if (changes.length > 0) at = sheet.write(changes.join(' · '), x, at, { size: 8, width }) + 2;
  if (candidates > 0) sheet.write(wording.candidates(candidates), x, at, { size: 8, width });
}
