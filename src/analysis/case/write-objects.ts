import { createHash } from 'node:crypto';
import type { TimePointImages } from '../../report/picture/time-point-picture.js';
import { objectKinds, type CaseRow, type ObjectKind, type ObjectRow, type Store } from '../../store/store.js';
import type { CaseFolder } from './case-folder.js';
import type { CaseResult } from '../../model/case-result.js';
import { objectWriters } from './object-writers.js';
import { writeRejectionNote } from '../../report/kos/rejection-note.js';
import type { ReportInput, WrittenObject } from '../../report/report-input.js';

/** An object of a case: its row for the index, in a file by now. */
export type CaseObject = Omit<ObjectRow, 'createdAt'>;

/** Documents name what they supersede (PredecessorDocumentsSequence, PS3.3 C.17.2); other objects cannot. */
const documents: readonly ObjectKind[] = ['SR', 'LABELMAP-SR'];

/**
 * Writes a case's objects and, when it supersedes an earlier case, the note that rejects those of the earlier objects that no
 * longer stand. Files first: the index learns of them when the case is finished.
 *
 * @param kinds wanted; those that the superseded case had are written as well, so that what it said is replaced.
 * @throws PrioraError DICOM_INVALID_OUTPUT when an object would break the standard.
 */
export function writeObjects(
  store: Store,
  folder: CaseFolder,
  { caseKey }: CaseRow,
  input: ReportInput,
  images: TimePointImages,
  kinds: readonly ObjectKind[],
  superseded: CaseRow | null,
): CaseObject[] {
  const earlier = superseded ? objectsOf(store, superseded) : [];
  const reference = ({ SOPClassUID, SOPInstanceUID, SeriesInstanceUID }: ObjectRow) => ({
    SOPClassUID,
    SOPInstanceUID,
    SeriesInstanceUID,
    StudyInstanceUID: superseded!.StudyInstanceUID,
  });
  const keep = (
    kind: ObjectKind,
    object: WrittenObject,
    predecessorSOPInstanceUID: string | null = null,
  ): CaseObject => ({
    SOPInstanceUID: object.SOPInstanceUID,
    SOPClassUID: object.SOPClassUID,
    SeriesInstanceUID: object.SeriesInstanceUID,
    kind,
    caseKey,
    path: folder.write(`${kind.toLowerCase()}.dcm`, object.bytes),
    sha256: createHash('sha256').update(object.bytes).digest(),
    predecessorSOPInstanceUID,
  });

  const written = new Map<ObjectKind, WrittenObject>();
  const write = (kind: keyof typeof objectWriters, predecessor: ObjectRow | undefined) =>
    objectWriters[kind](
      predecessor ? { ...input, predecessor: reference(predecessor) } : input,
      images,
      (other) => written.get(other) ?? null,
    );
  const rows: CaseObject[] = [];
  for (const kind of objectKinds) {
    const before = earlier.find((object) => object.kind === kind);
    if (kind === 'RejectionNote' || (!before && !kinds.includes(kind))) continue;
    // First as the earlier case wrote it: if it still says the same, it is the same object and supersedes nothing.
    let predecessor = before?.predecessorSOPInstanceUID
      ? store.objects.find(before.predecessorSOPInstanceUID)
      : undefined;
    let object = write(kind, predecessor);
    if (object === null) continue;
    if (before && documents.includes(kind) && object.SOPInstanceUID !== before.SOPInstanceUID) {
      predecessor = before;
      object = write(kind, predecessor)!;
    }
    written.set(kind, object);
    rows.push(keep(kind, object, predecessor?.SOPInstanceUID));
  }
  const retired = earlier.filter(
    ({ kind, SOPInstanceUID }) =>
      kind !== 'RejectionNote' && !rows.some((object) => object.SOPInstanceUID === SOPInstanceUID),
  );
  if (retired.length === 0) return rows;
  const note = writeRejectionNote({
    header: input.source.header,
    superseded: retired.map(reference),
    software: input.software,
    demonstration: input.demonstration,
    language: input.language,
  });
  return [...rows, keep('RejectionNote', note)];
}

/** The objects that stand for a case; one that did not change since an earlier case is listed there. */
export function objectsOf(store: Store, { result }: CaseRow): ObjectRow[] {
  return (result as CaseResult).objects.flatMap(({ SOPInstanceUID }) => store.objects.find(SOPInstanceUID) ?? []);
}
