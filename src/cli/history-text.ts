import { DateTime } from 'luxon';
import type { LesionEntry, PatientHistory } from '../node/operations/history.js';
import { changeText, researchUse, reviewLines } from './time-point-text.js';

/** A patient's lesions for a terminal: one row per lesion, one column per time point. */
export function historyText({ PatientID, timePoints, lesions }: PatientHistory, zone: string): string {
  const header = timePoints.map(({ order, acquiredAt }) => [
    `${order}: ${DateTime.fromISO(acquiredAt, { zone }).toISODate()}`,
  ]);
  const rows = lesions.map(({ trackingID, site, entries }) => [
    [trackingID, site ? [site.laterality?.meaning, site.structure.meaning].filter(Boolean).join(' ') : ''],
    ...entries.map(entryLines),
  ]);
  const response = timePoints.map(({ response: { overall, confirmed, targets } }) => [
    `${overall}${confirmed ? ', confirmed' : ''}`,
    targets.lesions.length > 0 ? `targets ${targets.sumMm.toFixed(1)} mm` : '',
  ]);
  const text = [
    `patient ${PatientID}: ${timePoints.length} time points, ${lesions.length} lesions`,
    '',
    ...table([[[''], ...header], ...rows, [['RANO-BM'], ...response]]),
    ...timePoints.flatMap(({ order, noPriorReason }) =>
      order > 1 && noPriorReason ? [`time point ${order} was not compared: ${noPriorReason}`] : [],
    ),
    ...timePoints.flatMap(({ order, beingReadAgain }) =>
      beingReadAgain ? [`time point ${order} is being read again: its numbers are those of its last report`] : [],
    ),
    ...timePoints.flatMap(({ order, review }) =>
      review ? [`time point ${order} was corrected by a reader`, ...reviewLines(review)] : [],
    ),
    researchUse,
  ];
  return text.join('\n');
}

function entryLines(entry: LesionEntry | null): string[] {
  if (!entry) return ['·'];
  if (!entry.seen) return [entry.mergedInto ? `merged with ${entry.mergedInto.trackingID}` : entry.status];
  const { confidence, volumeMm3, longAxisMm, sincePrior, mergedFrom, splitFrom } = entry;
  const doubling = sincePrior?.doublingTimeDays;
  return [
    `${volumeMm3.toFixed(0)} mm³, ${longAxisMm.toFixed(1)} mm${confidence === 'candidate' ? ', candidate' : ''}`,
    `${changeText(entry)}${doubling ? `, ×2 in ${doubling.toFixed(0)} d` : ''}`,
    ...(mergedFrom.length > 0 ? [`merged with ${mergedFrom.map(({ trackingID }) => trackingID).join(', ')}`] : []),
    ...(splitFrom ? [`split from ${splitFrom.trackingID}`] : []),
  ];
}

/** Rows of cells of lines, columns aligned. */
function table(rows: readonly (readonly (readonly string[])[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.flatMap((row) => row[column].map((line) => line.length))));
  return rows.flatMap((row) => [
    ...Array.from({ length: Math.max(...row.map((cell) => cell.length)) }, (_, line) =>
      row
        .map((cell, column) => (cell[line] ?? '').padEnd(widths[column]))
        .join('   ')
        .trimEnd(),
    ),
    '',
  ]);
}
