import { writeRejectionNote } from '../../report/kos/rejection-note.js';
import type { TimePointImages } from '../../report/picture/time-point-picture.js';
import type { ReportInput, WrittenObject } from '../../report/report-input.js';
import { objectKinds, type ObjectKind } from '../../model/object-kind.js';
import type { ObjectRow, ReportedCaseRow, Store } from '../../store/store.js';
import type { SupersededCase } from './case.js';
import { objectWriters } from './object-writers.js';

/** An object of a case that has yet to be stored. */
export interface CaseObject {
  readonly kind: ObjectKind;
  readonly object: WrittenObject;
  /** The document that it supersedes; null if it supersedes none. */
  readonly predecessorSOPInstanceUID: string | null;
}

/** Documents name what they supersede (PredecessorDocumentsSequence, PS3.3 C.17.2); other objects cannot. */
const documents: readonly ObjectKind[] = ['SR', 'LABELMAP-SR'];

/**
 * Writes a case's objects and, if it supersedes an earlier case, the note that rejects those of the earlier objects
 * that no longer stand.
 *
 * @param kinds wanted; those that the superseded case had are written as well, so that what it said is replaced.
 * @throws PrioraError DICOM_INVALID_OUTPUT if an object would violate the standard.
 */
export function writeObjects(
  input: ReportInput,
  images: TimePointImages,
  kinds: readonly ObjectKind[],
  superseded: Pick<SupersededCase, 'row' | 'objects'> | null,
): CaseObject[] {
  const earlier = superseded?.objects ?? [];
  const reference = ({ SOPClassUID, SOPInstanceUID, SeriesInstanceUID }: ObjectRow) => ({
    SOPClassUID,
    SOPInstanceUID,
    SeriesInstanceUID,
    StudyInstanceUID: superseded!.row.StudyInstanceUID,
  });
  const written = new Map<ObjectKind, CaseObject>();
  const write = (kind: keyof typeof objectWriters, predecessor: ObjectRow | null) =>
    objectWriters[kind](
      predecessor ? { ...input, predecessor: reference(predecessor) } : input,
      images,
      (other) => written.get(other)?.object ?? null,
    );
  for (const kind of objectKinds) {
    const before = earlier.find(({ row }) => row.kind === kind);
    if (kind === 'RejectionNote' || (!before && !kinds.includes(kind))) continue;
    // First as the earlier case wrote it: if it still says the same, it is the same object and supersedes nothing.
    let predecessor = before?.predecessor ?? null;
    let object = write(kind, predecessor);
    if (object === null) continue;
    if (before && documents.includes(kind) && object.SOPInstanceUID !== before.row.SOPInstanceUID) {
      predecessor = before.row;
      object = write(kind, predecessor)!;
    }
    written.set(kind, { kind, object, predecessorSOPInstanceUID: predecessor?.SOPInstanceUID ?? null });
  }
  const objects = [...written.values()];
  const retired = earlier
    .map(({ row }) => row)
    .filter(
      ({ kind, SOPInstanceUID }) =>
        kind !== 'RejectionNote' && !objects.some(({ object }) => object.SOPInstanceUID === SOPInstanceUID),
    );
  if (retired.length === 0) return objects;
  const note = writeRejectionNote({
    header: input.source.header,
    superseded: retired.map(reference),
    software: input.software,
    demonstration: input.demonstration,
    language: input.language,
  });
  return [...objects, { kind: 'RejectionNote', object: note, predecessorSOPInstanceUID: null }];
}

/** The objects that stand for a case; an object that has not changed since an earlier case is listed there. */
export const objectsOf = ({ objects }: Store, { result }: ReportedCaseRow): ObjectRow[] =>
  result.objects.flatMap(({ SOPInstanceUID }) => objects.find(SOPInstanceUID) ?? []);

/** The objects of a case that is to be superseded, each with the document that it superseded itself. */
export const standingObjects = (store: Store, row: ReportedCaseRow): SupersededCase['objects'] =>
  objectsOf(store, row).map((object) => {
    const { predecessorSOPInstanceUID: predecessor } = object;
    return { row: object, predecessor: (predecessor && store.objects.find(predecessor)) || null };
  });
