import type { TrackedLesion } from '../../model/lesion.js';
import type { ReportInput } from '../report-input.js';
import { byRelevance } from './relevance.js';
import { colours, contentWidth, page, type Sheet } from './sheet.js';

const rowHeight = 13;

/**
 * As many lesions as fit, most relevant first, with their measurements and how they have changed. @returns the y below
 * them.
 */
export function drawTable(sheet: Sheet, input: ReportInput, top: number, bottom: number): number {
  const { wording, doc } = sheet;
  const lesions = byRelevance(input.lesions);
  const starred = lesions.some(firstSeenLater);
  let y = sheet.heading(wording.lesions, top, starred ? wording.sinceFirstSight : '');
  const room = Math.floor((bottom - y) / rowHeight) - 1;
  const shown = lesions.length <= room ? lesions : lesions.slice(0, room - 1);
  const { columns: titles } = wording;
  doc.font('regular').fontSize(7.5);
  const table = doc.table({
    position: { x: page.margin, y },
    maxWidth: contentWidth,
    columnStyles: [52, '*', 50, 64, 52, 76, 46, 50, 50].map((width, index) => ({
      width,
      align: { x: index >= 4 ? ('right' as const) : ('left' as const), y: 'center' as const },
    })),
    rowStyles: (row) => ({
      height: rowHeight,
      padding: { left: 2, right: 2, top: 0, bottom: 0 },
      border: { top: 0, left: 0, right: 0, bottom: 0.5 },
      borderColor: colours.rule,
      ...(row === 0 ? { textColor: colours.faint } : {}),
    }),
  });
  table.row([
    titles.lesion,
    titles.site,
    titles.confidence,
    titles.change,
    titles.volume,
    titles.axes,
    titles.sincePrior,
    titles.sinceBaseline,
    titles.doubling,
  ]);
  for (const lesion of shown) table.row(tableRow(sheet, lesion));
  table.end();
  y += (shown.length + 1) * rowHeight;
  if (shown.length === lesions.length) return y;
  const more = wording.moreLesions(lesions.length - shown.length);
  return sheet.write(more, page.margin + 2, y + 2, { size: 7.5, colour: colours.faint }) + 1;
}

/** Whether "since baseline" means, for this lesion, since it was first seen at a later time point. */
const firstSeenLater = ({ history, sinceBaseline }: TrackedLesion): boolean =>
  sinceBaseline !== null && history[0].order > 1;

function tableRow(sheet: Sheet, lesion: TrackedLesion) {
  const { language } = sheet;
  const { trackingID, site, confidence, change, volumeMm3, longAxisMm, shortAxisMm, sincePrior, sinceBaseline } =
    lesion;
  const none = '–';
  const percent = (changed: TrackedLesion['sincePrior']) =>
    changed?.volumeChangePercent == null ? none : sheet.percent(changed.volumeChangePercent);
  return [
    { text: trackingID, font: { src: 'bold' } },
    site ? language.site(site) : none,
    { text: language.confidences[confidence], textColor: colours[confidence] },
    sheet.change(change),
    sheet.volume(volumeMm3),
    `${language.decimal(longAxisMm, 1)} × ${language.decimal(shortAxisMm, 1)} mm`,
    // A lesion that has reappeared was not visualised in the prior.
    percent(change === 'reappeared' ? null : sincePrior),
    `${percent(sinceBaseline)}${firstSeenLater(lesion) ? '*' : ''}`,
    sincePrior?.doublingTimeDays ? language.days(Math.round(sincePrior.doublingTimeDays)) : none,
  ];
}
