import { join } from 'node:path';
import { asPrioraError } from '../../core/errors.js';
import { readSeriesHeader, type SeriesHeader } from '../select/series-header.js';
import { selectSeries, type Selection, type Verdict } from '../select/select-series.js';
import type { SeriesKind } from '../select/series-attributes.js';
import type { SelectionRules } from '../select/selection-rules.js';
import type { SeriesRow, Store } from '../../store/store.js';

export interface StudySelection {
  /** The series to analyse; null when selection refused them all. */
  readonly series: SeriesRow | null;
  readonly selection: Selection;
  /** What the outcome rests on: the chosen series, or, where none was chosen, all of them. */
  readonly considered: readonly SeriesRow[];
  /** Selection refused the series and a person overrode it. */
  readonly forced: boolean;
}

/** Absolute paths of a series' instances. */
export const instancePaths = (store: Store, dataDir: string, SeriesInstanceUID: string): string[] =>
  store.instances.ofSeries(SeriesInstanceUID).map(({ path }) => join(dataDir, path));

/**
 * Reads the headers of a study's images and chooses the series to analyse; every series' verdict is kept in the index. A series whose
 * headers cannot be read is refused, the others are not its victims; one that was chosen before and is not now is no prior any more.
 *
 * @param force when nothing passes, take the series with the most images all the same.
 */
export async function selectForAnalysis(
  store: Store,
  dataDir: string,
  StudyInstanceUID: string,
  rules: SelectionRules,
  { priorKind, force = false }: { priorKind: SeriesKind | undefined; force?: boolean },
): Promise<StudySelection> {
  const candidates = store.series.ofStudy(StudyInstanceUID).filter(({ origin }) => origin === 'received');
  const headers: SeriesHeader[] = [];
  const unreadable: Verdict[] = [];
  for (const { SeriesInstanceUID } of candidates)
    try {
      headers.push(await readSeriesHeader(instancePaths(store, dataDir, SeriesInstanceUID)));
    } catch (thrown) {
      const error = asPrioraError(thrown);
      if (!error.blamesInput) throw error;
      const failures = [`FAILED readable headers: ${error.message}`];
      unreadable.push({ SeriesInstanceUID, accepted: false, score: 0, reasons: failures, failures });
    }
  const choice = selectSeries(headers, rules, priorKind);
  const selection = { ...choice, verdicts: [...choice.verdicts, ...unreadable] };
  const largest = headers.reduce<SeriesHeader | null>(
    (most, header) => (header.images > (most?.images ?? 0) ? header : most),
    null,
  );
  const forced = selection.selected === null && force && largest !== null;
  const chosen = forced ? largest.SeriesInstanceUID : selection.selected;
  store.transaction(() => {
    for (const verdict of selection.verdicts) {
      const kind = verdict.SeriesInstanceUID === selection.selected ? selection.kind : null;
      store.series.setSelection(verdict.SeriesInstanceUID, {
        ...verdict,
        forced: forced && verdict.SeriesInstanceUID === chosen,
        kind,
      });
      const { state } = store.series.find(verdict.SeriesInstanceUID)!;
      if (state === 'assembled' && verdict.SeriesInstanceUID !== chosen)
        store.series.setState(verdict.SeriesInstanceUID, 'complete');
    }
  });
  const series = candidates.find(({ SeriesInstanceUID }) => SeriesInstanceUID === chosen) ?? null;
  return { series, considered: series ? [series] : candidates, selection, forced };
}

/** One sentence on why a study has no series to analyse. */
export function whyNothingSelected({ verdicts }: Selection): string {
  if (verdicts.length === 0) return 'the study has no image series';
  return verdicts
    .map(({ SeriesInstanceUID, failures }) => `series ${SeriesInstanceUID}: ${failures.join(', ')}`)
    .join('; ');
}
