import { objectWriters } from '../../src/analysis/case/object-writers.js';
import { objectKinds, type ObjectKind } from '../../src/model/object-kind.js';
import { imagesOf } from './synthetic-report.js';
import { writeRejectionNote } from '../../src/report/kos/rejection-note.js';
import type { ReportInput, WrittenObject } from '../../src/report/report-input.js';

/** Every object that a case can have, written as the pipeline writes it, and a note that rejects all the others. */
export function allObjects(
  input: ReportInput,
  kinds: readonly ObjectKind[] = objectKinds,
): Map<ObjectKind, WrittenObject> {
  const written = new Map<ObjectKind, WrittenObject>();
  for (const kind of kinds) {
    if (kind === 'RejectionNote') continue;
    const object = objectWriters[kind](input, imagesOf(input), (other) => written.get(other) ?? null);
    if (object) written.set(kind, object);
  }
  const { header } = input.source;
  const note = writeRejectionNote({
    header,
    superseded: [...written.values()].map((object) => ({
      ...object,
      StudyInstanceUID: header['StudyInstanceUID'] as string,
    })),
    software: input.software,
    demonstration: input.demonstration,
    language: input.language,
  });
  return written.set('RejectionNote', note);
}
