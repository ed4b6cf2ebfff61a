import type { CaseReview } from '../model/case-review.js';
import type { TimePointSummary } from '../node/operations/time-point.js';
import { english } from '../report/wording/english.js';
import type { LesionRow } from '../store/store.js';

/** The notice shown wherever results are shown. */
export const researchUse = english.researchUse;

/** What became of a lesion: `grown +95 %`. */
export function changeText({ change, sincePrior }: Pick<LesionRow, 'change' | 'sincePrior'>): string {
  const percent = sincePrior?.volumeChangePercent;
  if (percent == null) return change;
  return `${change} ${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(0)} %`;
}

/** A time point for a terminal: prior, registration, one line per lesion. */
export function timePointText(timePoint: TimePointSummary): string {
  const { PatientID, StudyInstanceUID, status, reason, prior, noPriorReason, forced, notes, lesions, gone, seconds } =
    timePoint;
  const lines = [`patient ${PatientID}  study ${StudyInstanceUID}`];
  if (status !== 'reported') return [...lines, `  ${status}: ${reason}`].join('\n');
  if (forced) lines.push('  series selection was overridden');
  if (prior) {
    const similarity = prior.similarity === null ? '' : `, similarity ${prior.similarity.toFixed(3)}`;
    lines.push(`  prior ${prior.StudyInstanceUID}`, `  registration ${prior.verdict}${similarity}`);
  }
  if (noPriorReason) lines.push(`  no prior used: ${noPriorReason}`);
  lines.push(...notes.map((note) => `  note: ${note}`));
  if (lesions.length === 0) lines.push('  nothing found');
  for (const lesion of lesions)
    lines.push(
      `  ${lesion.trackingID.padEnd(12)} ${lesion.confidence.padEnd(10)} ${changeText(lesion).padEnd(16)} ` +
        `${lesion.volumeMm3.toFixed(0).padStart(7)} mm³  ${lesion.longAxisMm.toFixed(1).padStart(5)} mm  p ${lesion.probability.toFixed(2)}`,
    );
  for (const { trackingID, status, mergedInto } of gone)
    lines.push(`  ${trackingID.padEnd(12)} ${status}${mergedInto ? ` into ${mergedInto.trackingID}` : ''}`);
  if (timePoint.response) lines.push(`  ${english.overall(timePoint.response.overall)}`);
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const parts = Object.entries(seconds).map(([stage, value]) => `${stage} ${value.toFixed(1)}`);
  lines.push(`  ${total.toFixed(1)} s: ${parts.join(', ')}`);
  return lines.join('\n');
}

const units = { volumeMm3: 'mm³', longAxisMm: 'mm long', shortAxisMm: 'mm short' };

/** What readers have made of a time point: one line per lesion that they did not leave as it was. */
export function reviewLines({ lesions, rejected }: CaseReview): string[] {
  const changed = lesions.flatMap(({ trackingID, verdict, theirs }) => {
    const measured = Object.entries(theirs).map(
      ([name, value]) => `measured by the reader: ${value} ${units[name as keyof typeof units]}`,
    );
    return verdict === 'kept' && measured.length === 0 ? [] : [`${trackingID} ${[verdict, ...measured].join(', ')}`];
  });
  return [...changed, ...rejected.map(({ trackingID }) => `${trackingID} rejected`)].map((line) => `  ${line}`);
}
