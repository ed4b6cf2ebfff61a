import type { Store } from '../../store/store.js';
import { requestAnalysis } from '../queue/case-jobs.js';
import type { OpenNode } from './open-node.js';

/** An operator's decision about a study on hold. */
export interface Release {
  readonly at: number;
  /** Who decided. */
  readonly by: string;
  readonly comment?: string | undefined;
  /** When the patient was scanned, if the operator knows [when the study arrived]. */
  readonly acquiredAt?: number | undefined;
}

/**
 * Releases a study that is on hold, which is then analysed.
 *
 * @returns false if the study was not on hold.
 */
export function release(
  { store, queue }: Pick<OpenNode, 'store' | 'queue'>,
  StudyInstanceUID: string,
  decision: Release,
): boolean {
  return store.transaction(() => {
    const released = acceptHolds(store, StudyInstanceUID, decision);
    if (released) requestAnalysis({ store, queue }, StudyInstanceUID);
    return released;
  });
}

/** Series without an acquisition time get the one that the operator gives. */
function acceptHolds(store: Store, StudyInstanceUID: string, { at, by, comment, acquiredAt }: Release): boolean {
  const acceptance = { acceptedAt: at, acceptedBy: by, comment: comment ?? null };
  if (store.holds.accept(StudyInstanceUID, acceptance).length === 0) return false;
  store.series.tellTime(StudyInstanceUID, acquiredAt ?? store.studies.find(StudyInstanceUID)!.receivedAt);
  return true;
}
