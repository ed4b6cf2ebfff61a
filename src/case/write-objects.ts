import { createHash } from 'node:crypto';
import { SOPClass } from '../dicom/uid.js';
import {
  writeRejectionNote,
  writeReport,
  writeSegmentation,
  type ReportInput,
  type WrittenObject,
} from '../report/report.js';
import type { CaseRow, ObjectKind, ObjectRow, Store } from '../store/store.js';
import type { CaseFolder } from './case-folder.js';
import type { CaseResult } from './case-result.js';

/** An object of a case: its row for the index, in a file by now. */
export type CaseObject = Omit<ObjectRow, 'createdAt'>;

/**
 * Writes a case's SEG (when something was found), its SR, and, when it supersedes an earlier case, the note that rejects those
 * of the earlier objects that no longer stand. Files first: the index learns of them when the case is finished.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT when an object would break the standard.
 */
export function writeObjects(
  store: Store,
  folder: CaseFolder,
  { caseKey }: CaseRow,
  given: ReportInput,
  superseded: CaseRow | null,
): CaseObject[] {
  const earlier = superseded ? objectsOf(store, superseded) : [];
  const predecessor = earlier.find(({ kind }) => kind === 'SR');
  const reference = ({ SOPClassUID, SOPInstanceUID, SeriesInstanceUID }: ObjectRow) => ({
    SOPClassUID,
    SOPInstanceUID,
    SeriesInstanceUID,
    StudyInstanceUID: superseded!.StudyInstanceUID,
  });
  const input: ReportInput = predecessor ? { ...given, predecessor: reference(predecessor) } : given;

  const keep = (
    kind: ObjectKind,
    name: string,
    object: WrittenObject,
    predecessorSOPInstanceUID: string | null = null,
  ): CaseObject => ({
    SOPInstanceUID: object.SOPInstanceUID,
    SOPClassUID: object.SOPClassUID,
    SeriesInstanceUID: object.SeriesInstanceUID,
    kind,
    caseKey,
    path: folder.write(name, object.bytes),
    sha256: createHash('sha256').update(object.bytes).digest(),
    predecessorSOPInstanceUID,
  });
  const segmentation = input.lesions.length > 0 ? writeSegmentation(input) : null;
  const written = [
    ...(segmentation ? [keep('SEG', 'seg.dcm', segmentation)] : []),
    keep('SR', 'sr.dcm', writeReport(input, segmentation), predecessor?.SOPInstanceUID ?? null),
  ];
  const retired = earlier.filter(
    ({ SOPClassUID, SOPInstanceUID }) =>
      SOPClassUID !== SOPClass.KeyObjectSelectionDocumentStorage &&
      !written.some((object) => object.SOPInstanceUID === SOPInstanceUID),
  );
  if (retired.length === 0) return written;
  const note = writeRejectionNote({
    header: input.source.header,
    superseded: retired.map(reference),
    reason: 'The images, the prior or the models it was made from have changed.',
    software: input.software,
    demonstration: input.demonstration,
  });
  return [...written, keep('KOS', 'rejection.dcm', note)];
}

/** The objects that stand for a case; one that did not change since an earlier case is listed there. */
export function objectsOf(store: Store, { result }: CaseRow): ObjectRow[] {
  return (result as CaseResult).objects.flatMap(({ SOPInstanceUID }) => store.objects.find(SOPInstanceUID) ?? []);
}
