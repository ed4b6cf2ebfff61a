import type { GoneLesion, LesionIdentity } from '../../model/lesion.js';
import type { ReportInput } from '../report-input.js';
import { describeGone, describeResponse } from '../wording/sentences.js';
import { doublingsPerLine, drawGrowthChart, growthAxes } from './growth-chart.js';
import { growthCurves } from './growth-curves.js';
import { drawTable } from './lesion-table.js';
import { capitalised, colours, contentWidth, page, pageBottom, type Sheet } from './sheet.js';

const columns = 4;
const mostCharts = 2 * columns;
const chart = { width: (contentWidth - (columns - 1) * 6) / columns, title: 11 };
/** Many lesions need the room for their table. */
const chartHeight = ({ lesions }: ReportInput): number => (lesions.length > 12 ? 84 : 120);
/** The most that the notes may take of the page. */
const notesHeight = 230;

/** Page 2: growth curves, the table, lesions not visualised, and what the reader must know. */
export function drawLesionsPage(sheet: Sheet, input: ReportInput, top: number): void {
  const afterCurves = drawCurves(sheet, input, top);
  const notes = noteBlocks(sheet, input);
  const wanted = notes.reduce((sum, { sentences }) => sum + 26 + blockHeight(sheet, sentences), 0);
  const notesTop = pageBottom - Math.min(wanted, notesHeight);
  const afterTable = input.lesions.length > 0 ? drawTable(sheet, input, afterCurves, notesTop - 6) : afterCurves;
  let y = Math.min(afterTable + 8, notesTop);
  for (const [index, { title, sentences }] of notes.entries()) {
    y = sheet.heading(title, y);
    y =
      sheet.paragraphs(
        sentences,
        [page.margin, y],
        pageBottom - reserved(sheet, notes.slice(index + 1)),
        noteStyle,
        sheet.wording.moreSentences,
      ) + 6;
  }
}

/**
 * The least space that the following blocks need: a heading and a line each; the last one, on the networks, all of
 * itself.
 */
const reserved = (sheet: Sheet, blocks: readonly NoteBlock[]): number =>
  blocks.reduce(
    (sum, { sentences }, index) => sum + 26 + (index === blocks.length - 1 ? blockHeight(sheet, sentences) : 12),
    0,
  );

const noteStyle = { size: 7.5, width: contentWidth } as const;

const blockHeight = (sheet: Sheet, sentences: readonly string[]) =>
  sentences.reduce((sum, sentence) => sum + sheet.heightOf(sentence, noteStyle) + 2, 2);

function drawCurves(sheet: Sheet, input: ReportInput, top: number): number {
  const { wording, language, doc } = sheet;
  const curves = growthCurves(input).slice(0, mostCharts);
  if (curves.length === 0) {
    const y = sheet.heading(wording.curves, top);
    return (
      sheet.write(input.lesions.length > 0 ? wording.noCurves : wording.nothingFound, page.margin, y, {
        size: 8,
        colour: colours.faint,
      }) + 8
    );
  }
  const height = chartHeight(input);
  const axes = growthAxes(curves.map(({ points }) => points));
  const step = doublingsPerLine(axes);
  const note = step === 1 ? wording.curvesNote : wording.curvesNoteCoarse(step);
  const y = sheet.heading(wording.curves, top, note);
  curves.forEach((curve, index) => {
    const x = page.margin + (index % columns) * (chart.width + 6);
    const at = y + Math.floor(index / columns) * (height + chart.title + 5);
    const doubling = curve.doublingTimeDays === null ? '' : wording.doubling(Math.round(curve.doublingTimeDays));
    sheet.write(curve.trackingID, x, at, { size: 8, typeface: 'bold' });
    const small = { size: 6.5, colour: colours.faint };
    sheet.write(doubling, x + chart.width - sheet.widthOf(doubling, small) - 4, at + 1.5, small);
    const look = {
      colour: colours[curve.confidence],
      faint: colours.faint,
      gridColour: colours.rule,
      notSeen: wording.notSeen,
      weeksText: (weeks: number) => wording.weeks(Math.round(weeks)),
      volumeText: (mm3: number) => scaleText(language, mm3 / 1000),
    };
    const picture = drawGrowthChart(curve.points, axes, look, { width: chart.width, height });
    doc.image(picture, x, at + chart.title, { width: chart.width, height });
  });
  return y + Math.ceil(curves.length / columns) * (height + chart.title + 5) + 4;
}

interface NoteBlock {
  readonly title: string;
  readonly sentences: readonly string[];
}

function noteBlocks(sheet: Sheet, input: ReportInput): NoteBlock[] {
  const { language, wording } = sheet;
  const { lesions, gone, models, qualityNotes, forced, response } = input;
  const names = (others: readonly LesionIdentity[]) => others.map(({ trackingID }) => trackingID);
  const notes = [
    ...qualityNotes.map((note) => `${capitalised(language.remark(note))}.`),
    ...(forced ? [language.forced] : []),
    ...lesions.flatMap(({ trackingID, mergedFrom, splitFrom }) => [
      ...(mergedFrom.length > 0 ? [`${trackingID}: ${language.mergedFrom(names(mergedFrom))}`] : []),
      ...(splitFrom ? [`${trackingID}: ${language.splitFrom(splitFrom.trackingID)}`] : []),
    ]),
    ...(lesions.length > 0 ? [wording.kindsOfFinding] : []),
  ];
  return [
    { title: wording.notFoundNow, sentences: gone.map((lesion) => goneText(sheet, lesion, input)) },
    { title: wording.howItCame, sentences: response === null ? [] : describeResponse(response, language) },
    { title: wording.notes, sentences: notes },
    {
      title: wording.networks,
      sentences: models.map(({ role, name, version, sha256, use }) => language.model(role, name, version, sha256, use)),
    },
  ].filter(({ sentences }) => sentences.length > 0);
}

function goneText({ language }: Sheet, lesion: GoneLesion, { timePoint }: ReportInput): string {
  const where = lesion.site ? ` (${language.site(lesion.site)})` : '';
  return `${lesion.trackingID}${where}: ${describeGone(lesion, timePoint.acquiredAt, language)}`;
}

/** A mark of the volume axis, with as many digits as a doubling needs. */
const scaleText = ({ decimal }: Sheet['language'], cm3: number): string =>
  decimal(cm3, Math.max(0, Math.ceil(-Math.log10(cm3)) + (cm3 < 1 ? 1 : 0)));
