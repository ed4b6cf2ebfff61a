import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CaseFolder } from '../../../src/analysis/case/case-folder.js';
import { standingObjects, writeObjects, type CaseObject } from '../../../src/analysis/case/write-objects.js';
import { kindsToWrite, type DeliverableKind } from '../../../src/node/delivery/destinations.js';
import { parseFile } from '../../../src/dicom/dicom-file.js';
import type { ReportInput } from '../../../src/report/report-input.js';
import type { CaseRow, Store } from '../../../src/store/store.js';
import { cases } from '../../report/cases.js';
import { imagesOf } from '../../report/synthetic-report.js';
import { caseResult } from '../../store/case-result.js';
import { addSeries, temporaryFolder, temporaryStore } from '../../store/temporary-store.js';

const followUp = cases.find(({ name }) => name === 'coronal')!.input;
const nothing: ReportInput = { ...followUp, lesions: [], prior: null };
let store: Store;
let dataDir: string;
beforeEach(() => {
  store = temporaryStore();
  dataDir = temporaryFolder();
  addSeries(store, { study: '1.2.1' });
});
afterEach(() => store.close());

interface Kept {
  readonly row: CaseRow;
  readonly objects: readonly (CaseObject & { readonly SOPInstanceUID: string; readonly path: string })[];
}

/** Writes a case's objects and keeps them as publishing does; the study's cases supersede each other. */
function report(input: ReportInput, objects: readonly DeliverableKind[]): Kept {
  const study = { StudyInstanceUID: '1.2.1', SeriesInstanceUID: '1.2.1.1' };
  const before = store.cases.latestReportedOfStudy('1.2.1');
  const fingerprint = String((before?.caseKey ?? 0) + 1);
  const opened = store.cases.open({ ...study, priorCaseKey: null, priorSeriesInstanceUID: null, fingerprint }, 1).case;
  const { caseKey } = opened;
  const folder = new CaseFolder(dataDir, caseKey);
  const superseded = before ? { row: before, objects: standingObjects(store, before) } : null;
  const written = writeObjects(input, imagesOf(input), kindsToWrite([{ objects }]), superseded).map((object) => ({
    ...object,
    SOPInstanceUID: object.object.SOPInstanceUID,
    path: folder.write(`${object.kind.toLowerCase()}.dcm`, object.object.bytes),
  }));
  const listed = written.map(({ kind, SOPInstanceUID, path }) => ({ kind, SOPInstanceUID, path }));
  store.cases.finish(caseKey, { status: 'reported', result: caseResult({ objects: listed }), lesions: [] }, 2);
  for (const { kind, object, path, predecessorSOPInstanceUID } of written) {
    const { SOPInstanceUID, SOPClassUID, SeriesInstanceUID } = object;
    const uids = { SOPInstanceUID, SOPClassUID, SeriesInstanceUID, predecessorSOPInstanceUID };
    store.objects.insert({ ...uids, kind, caseKey, path, sha256: Buffer.alloc(32), createdAt: 2 });
  }
  return { row: store.cases.find(caseKey)!, objects: written };
}

const kinds = ({ objects }: Pick<Kept, 'objects'>) => objects.map(({ kind }) => kind);
const uidOf = ({ objects }: Pick<Kept, 'objects'>, kind: string) =>
  objects.find((object) => object.kind === kind)?.SOPInstanceUID;
const text = ({ objects }: Pick<Kept, 'objects'>, kind: string) => {
  const { path } = objects.find((object) => object.kind === kind)!;
  return JSON.stringify(parseFile(readFileSync(join(dataDir, path))).dataset);
};

describe('a case writes', () => {
  test.each<[string, ReportInput, DeliverableKind[], string[]]>([
    ['its SEG and SR, whoever wants them', followUp, [], ['SEG', 'SR']],
    ['what its destinations want', followUp, ['SR', 'KOS', 'RTSTRUCT', 'REG'], ['SEG', 'SR', 'RTSTRUCT', 'REG', 'KOS']],
    ['a report of its own for who gets the label map instead', followUp, ['LABELMAP', 'SR'],
      ['SEG', 'SR', 'LABELMAP', 'LABELMAP-SR']],
    ['none for who gets both', followUp, ['LABELMAP', 'SEG', 'SR'], ['SEG', 'SR', 'LABELMAP']],
    ['its report alone when nothing was found', nothing, ['LABELMAP', 'SR', 'RTSTRUCT', 'REG', 'KOS'], ['SR']],
    ['no rejection without an earlier case', followUp, ['RejectionNote'], ['SEG', 'SR']],
  ])('%s', (_, input, wanted, expected) => {
    const { objects } = report(input, wanted);
    expect(kinds({ objects })).toEqual(expected);
    for (const { path } of objects) expect(existsSync(join(dataDir, path))).toBe(true);
  }); // prettier-ignore

  test('a report that refers to the segments of the object next to it', () => {
    const written = report(followUp, ['LABELMAP', 'SR']);
    expect(text(written, 'SR')).toContain(uidOf(written, 'SEG'));
    expect(text(written, 'LABELMAP-SR')).toContain(uidOf(written, 'LABELMAP'));
    expect(text(written, 'LABELMAP-SR')).not.toContain(uidOf(written, 'SEG'));
  });
});

describe('a case that supersedes another', () => {
  const all: DeliverableKind[] = ['SEG', 'LABELMAP', 'SR', 'RTSTRUCT', 'REG', 'KOS', 'PDF'];

  test('that says the same has the same objects and rejects nothing', () => {
    const first = report(followUp, all);
    const second = report(followUp, all);
    expect(second.objects.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(
      first.objects.map(({ SOPInstanceUID }) => SOPInstanceUID),
    );
  });

  test('adds what a destination has asked for since, and leaves the rest unchanged', () => {
    const first = report(followUp, []);
    const second = report(followUp, ['RTSTRUCT']);
    expect(kinds(second)).toEqual(['SEG', 'SR', 'RTSTRUCT']);
    expect(uidOf(second, 'SR')).toBe(uidOf(first, 'SR'));
  });

  test('that says something else rejects what changed, of every kind, whatever is asked for now', () => {
    const first = report(followUp, all);
    const lesions = followUp.lesions.map((lesion) => ({ ...lesion, trackingID: 'Lesion 7' }));
    const second = report({ ...followUp, lesions }, []);
    expect(kinds(second)).toEqual(['SEG', 'SR', 'LABELMAP', 'RTSTRUCT', 'REG', 'KOS', 'PDF', 'RejectionNote']);
    // The registration of the two studies is none of the lesions' business.
    expect(uidOf(second, 'REG')).toBe(uidOf(first, 'REG'));
    const note = text(second, 'RejectionNote');
    for (const { kind, SOPInstanceUID } of first.objects) expect(note.includes(SOPInstanceUID)).toBe(kind !== 'REG');
    expect(text(second, 'SR')).toContain(uidOf(first, 'SR'));

    // Read a third time with the same outcome, it still supersedes the first and nothing else.
    const third = report({ ...followUp, lesions }, []);
    expect(kinds(third)).not.toContain('RejectionNote');
    expect(uidOf(third, 'SR')).toBe(uidOf(second, 'SR'));
  });

  test('that finds nothing rejects everything that described lesions', () => {
    const first = report(followUp, all);
    const second = report(nothing, all);
    expect(kinds(second)).toEqual(['SR', 'PDF', 'RejectionNote']);
    const note = text(second, 'RejectionNote');
    for (const { SOPInstanceUID } of first.objects) expect(note).toContain(SOPInstanceUID);
  });
});

test('an object that would violate the standard is not written', () => {
  const header = { ...followUp.source.header, FrameOfReferenceUID: 'none' };
  const broken = { ...followUp, source: { ...followUp.source, header } };
  expect(() => report(broken, [])).toThrow(expect.objectContaining({ code: 'DICOM_INVALID_OUTPUT' }));
});
