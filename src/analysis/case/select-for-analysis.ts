import { join } from 'node:path';
import { asPrioraError } from '../../core/errors.js';
import { readSeriesHeader, type SeriesHeader } from '../select/series-header.js';
import { selectSeries, type Verdict } from '../select/select-series.js';
import type { SeriesKind } from '../../model/selection.js';
import type { SelectionRules } from '../select/selection-rules.js';
import type { InstanceRow, SeriesRow, Store } from '../../store/store.js';

export interface StudySelection {
  /** The series to analyse; null if selection refused them all. */
  readonly series: SeriesRow | null;
  readonly verdicts: readonly Verdict[];
  /** Kind of the selected series, to be preferred in the patient's next study; null if none passed. */
  readonly kind: SeriesKind | null;
  /** What the outcome depends on: the instances of the chosen series, or, if none was chosen, of all. */
  readonly instances: readonly InstanceRow[];
  /** Whether selection refused the series and an operator overrode it. */
  readonly forced: boolean;
}

/**
 * Reads the headers of a study's images and chooses the series to analyse. A series whose headers cannot be read is
 * refused, without harm to the others.
 *
 * @param force if nothing passes, take the series with the most images anyway.
 */
export async function selectForAnalysis(
  store: Store,
  dataDir: string,
  StudyInstanceUID: string,
  rules: SelectionRules,
  { priorKind, force = false }: { priorKind: SeriesKind | undefined; force?: boolean },
): Promise<StudySelection> {
  const candidates = store.series.ofStudy(StudyInstanceUID).filter(({ origin }) => origin === 'received');
  const instances = new Map(
    candidates.map((row) => [row.SeriesInstanceUID, store.instances.ofSeries(row.SeriesInstanceUID)]),
  );
  const headers: SeriesHeader[] = [];
  const unreadable: Verdict[] = [];
  for (const [SeriesInstanceUID, rows] of instances)
    try {
      headers.push(await readSeriesHeader(rows.map(({ path }) => join(dataDir, path))));
    } catch (thrown) {
      const error = asPrioraError(thrown);
      if (!error.blamesInput) throw error;
      const failures = [`FAILED readable headers: ${error.message}`];
      unreadable.push({ SeriesInstanceUID, accepted: false, score: 0, reasons: failures, failures });
    }
  const { selected, verdicts, kind } = selectSeries(headers, rules, priorKind);
  const largest = headers.reduce<SeriesHeader | null>(
    (most, header) => (header.images > (most?.images ?? 0) ? header : most),
    null,
  );
  const forced = selected === null && force && largest !== null;
  const chosen = forced ? largest.SeriesInstanceUID : selected;
  return {
    series: candidates.find(({ SeriesInstanceUID }) => SeriesInstanceUID === chosen) ?? null,
    verdicts: [...verdicts, ...unreadable],
    kind,
    instances: chosen === null ? [...instances.values()].flat() : instances.get(chosen)!,
    forced,
  };
}

/**
 * Keeps the verdict on every series in the index. A series that was chosen before and is not now is no longer used as a
 * prior.
 *
 * Called in the transaction that opens the case.
 */
export function noteSelection(store: Store, { series, verdicts, kind, forced }: StudySelection): void {
  for (const verdict of verdicts) {
    const chosen = verdict.SeriesInstanceUID === series?.SeriesInstanceUID;
    store.series.setSelection(verdict.SeriesInstanceUID, {
      ...verdict,
      forced: forced && chosen,
      kind: chosen ? kind : null,
    });
    if (!chosen && store.series.find(verdict.SeriesInstanceUID)!.state === 'assembled')
      store.series.setState(verdict.SeriesInstanceUID, 'complete');
  }
}

/** One sentence on why a study has no series to analyse. */
export function whyNothingSelected({ verdicts }: Pick<StudySelection, 'verdicts'>): string {
  if (verdicts.length === 0) return 'the study has no image series';
  return verdicts
    .map(({ SeriesInstanceUID, failures }) => `series ${SeriesInstanceUID}: ${failures.join(', ')}`)
    .join('; ');
}
