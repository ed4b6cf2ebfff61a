import { vector } from '../../dicom/dataset.js';
import { applyRule } from './rule.js';
import type { SeriesKind, SeriesSelection } from '../../model/selection.js';
import { seriesKind } from './series-attributes.js';
import type { SeriesHeader } from './series-header.js';
import type { SelectionRules } from './selection-rules.js';

/** What the rules say about one series. */
export type Verdict = Omit<SeriesSelection, 'forced' | 'kind'>;

/** One study's choice. */
export interface Selection {
  /** SeriesInstanceUID of the series to analyse; null if none is accepted. */
  readonly selected: string | null;
  readonly verdicts: readonly Verdict[];
  /** Kind of the selected series, to be preferred in the patient's next study; null if none is selected. */
  readonly kind: SeriesKind | null;
}

/**
 * Chooses the series of one study to analyse: of those that pass every rule, the one with the most points. Ties go to
 * the finer slices, then to the series acquired last (contrast accumulates), then by UID.
 *
 * @param series the study's series.
 * @param priorKind kind of the series analysed in the patient's prior, if there is one.
 */
export function selectSeries(
  series: readonly SeriesHeader[],
  rules: SelectionRules,
  priorKind?: SeriesKind,
): Selection {
  const judged = series.map((header) => ({ header, verdict: judge(header, rules, priorKind) }));
  const number = ({ dataset }: SeriesHeader) => vector(dataset, 'SeriesNumber', 1)?.[0] ?? 0;
  const [best] = judged
    .filter(({ verdict }) => verdict.accepted)
    .sort(
      (a, b) =>
        b.verdict.score - a.verdict.score ||
        (a.header.sliceSpacingMm ?? Infinity) - (b.header.sliceSpacingMm ?? Infinity) ||
        number(b.header) - number(a.header) ||
        (a.verdict.SeriesInstanceUID < b.verdict.SeriesInstanceUID ? -1 : 1),
    );
  return {
    selected: best?.verdict.SeriesInstanceUID ?? null,
    verdicts: judged.map(({ verdict }) => verdict),
    kind: best ? seriesKind(best.header) : null,
  };
}

function judge(header: SeriesHeader, rules: SelectionRules, priorKind: SeriesKind | undefined): Verdict {
  const apply = <R extends SelectionRules['require'][number]>(rule: R) => ({
    rule,
    ...applyRule(rule, header, rules.ignorePhrases),
  });
  const required = [...rules.require, ...rules.contrast.refusedBy].map(apply);
  const evidence = rules.contrast.evidence.map(apply);
  const failures = required.filter(({ passed }) => !passed).map(({ reason }) => reason);
  const seenContrast = evidence.filter(({ passed }) => passed);
  if (seenContrast.length === 0)
    failures.push(`FAILED contrast agent: no evidence (${evidence.map(({ rule }) => rule.rule).join('; ')})`);
  const reasons = [...required, ...evidence.filter(({ passed }) => passed)].map(({ reason }) => reason);
  if (failures.length > 0) {
    const extra = failures.filter((failure) => !reasons.includes(failure));
    return {
      SeriesInstanceUID: header.SeriesInstanceUID,
      accepted: false,
      score: 0,
      reasons: [...reasons, ...extra],
      failures,
    };
  }
  let score = Math.max(...seenContrast.map(({ rule }) => rule.points));
  for (const { passed, rule, reason } of rules.prefer.map(apply)) {
    if (!passed) continue;
    score += rule.points;
    reasons.push(`${signed(rule.points)} ${reason}`);
  }
  const kind = seriesKind(header);
  for (const part of ['distortion', 'plane'] as const) {
    if (!priorKind || priorKind[part] === 'unknown' || priorKind[part] !== kind[part]) continue;
    score += rules.priorKind[part];
    reasons.push(`${signed(rules.priorKind[part])} same ${part} as the prior: ${kind[part]}`);
  }
  return { SeriesInstanceUID: header.SeriesInstanceUID, accepted: true, score, reasons, failures: [] };
}

const signed = (points: number) => (points < 0 ? String(points) : `+${points}`);
