import type { ResponseCriteria } from '../findings/criteria.js';
import { trackLesions, type FoundLesion, type KnownLesion, type LesionsOnGrid } from '../track/lesion-tracking.js';
import { identityAffine } from '../volume/affine.js';
import type { CaseRow, Store } from '../store/store.js';
import { CaseFolder } from './case-folder.js';

/** The lesions of a reported case with their identities, on its source grid. */
export async function knownLesions(
  store: Store,
  dataDir: string,
  { caseKey }: CaseRow,
): Promise<LesionsOnGrid<KnownLesion>> {
  return { lesions: store.cases.lesions(caseKey), labels: await new CaseFolder(dataDir, caseKey).readLabels() };
}

/**
 * Which lesions of an earlier run over the same images these are, by number: a re-run keeps the identities it gave.
 *
 * @param earlier the superseded case; null when there is none, or it read another series.
 */
export function matchEarlierRun(
  found: LesionsOnGrid<FoundLesion>,
  earlier: LesionsOnGrid<KnownLesion> | null,
  criteria: ResponseCriteria,
): Map<number, KnownLesion> {
  if (!earlier) return new Map();
  const { tracks } = trackLesions(found, earlier, identityAffine, criteria);
  return new Map(tracks.flatMap(({ number, known }) => (known ? [[number, known] as const] : [])));
}
