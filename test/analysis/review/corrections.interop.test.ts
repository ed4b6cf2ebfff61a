import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CaseFolder } from '../../../src/analysis/case/case-folder.js';
import {
  awaitsReview,
  noteApplied,
  noteRefused,
  reviewedTimePoint,
} from '../../../src/analysis/case/reviewed-lesions.js';
import { systemClock } from '../../../src/core/clock.js';
import { parseConfig } from '../../../src/core/config.js';
import { silentLogger } from '../../../src/core/log.js';
import { reviewClasses, TransferSyntax } from '../../../src/dicom/uid.js';
import { sendFiles } from '../../../src/node/delivery/send-files.js';
import { createServer, storageService } from '../../../src/dimse/index.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { caseResult } from '../../store/case-result.js';
import { databasePath, openStore, type ReviewRow, type Store } from '../../../src/store/store.js';
import { hasPeer, hasPythonModule } from '../../peers.js';
import { openIngest } from '../../../src/node/ingest/ingest.js';
import { smallGrid, syntheticReport } from '../../report/synthetic-report.js';
import {
  editedReports,
  editedSegmentations,
  storescu,
  type Edited,
  type ReportEdits,
  type SegmentationEdits,
} from './reader.js';
import { viewerSegmentation } from './viewer-segmentation.js';
import { writeReport } from '../../../src/report/sr/write.js';
import { writeSegmentation } from '../../../src/report/seg/write.js';

const work = mkdtempSync(join(tmpdir(), 'priora-review-'));
// Lesion 3 is the candidate.
const { input, sourceFiles } = syntheticReport({
  name: 'review',
  grid: smallGrid('oblique'),
  balls: [[[12, -6, 9], 8], [[-25, 14, -12], 5], [[-8, -20, 3], 4]], // prettier-ignore
});
const [first, second, third] = input.lesions;
const StudyInstanceUID = input.source.header['StudyInstanceUID'] as string;
const SeriesInstanceUID = input.source.header['SeriesInstanceUID'] as string;
const seg = writeSegmentation(input);
const sr = writeReport(input, seg);
const [segPath, srPath] = [join(work, 'seg.dcm'), join(work, 'sr.dcm')];
const sourcePaths = sourceFiles.map((_, index) => join(work, `${index}.dcm`));

let store: Store;
let dataDir: string;
let queue: ReturnType<typeof openQueue>;
let port: number;
let closeServer: () => Promise<void>;

const drawn = { rows: [2, 6], columns: [30, 34], slices: 2 } as const;
const segmentationEdits = {
  corrected: { delete: [2], grow: [1], algorithm: { 1: 'SEMIAUTOMATIC', 3: 'MANUAL' } },
  nameless: {
    reverse: true,
    tracking: { 1: null, 2: null, 3: null },
    property: ['85756007', 'Tissue'],
    algorithm: { 2: 'MANUAL' },
  },
  drawn: { draw: drawn },
  named: { draw: drawn, tracking: { 4: '1.2.3.4' } },
  binary: { delete: [1], algorithm: { 3: 'MANUAL' } },
  labelmap: { delete: [1], algorithm: { 3: 'MANUAL' }, labelmap: true },
  untouched: {},
  slicer: { grow: [1] },
  shifted: { algorithm: { 1: 'MANUAL' }, shift: 3 },
  elsewhere: { algorithm: { 1: 'MANUAL' }, frameOfReference: '1.2.3' },
  pancreas: { draw: drawn, delete: [1, 2, 3], property: ['15776009', 'Pancreas'] },
} satisfies Record<string, SegmentationEdits>;
const reportEdits = {
  judged: {
    observer: 'Reader',
    delete: [second.trackingUID],
    confidence: { [third.trackingUID]: 'confirmed' },
    longAxis: { [first.trackingUID]: 19.5 },
  },
  doubting: { observer: 'R', confidence: { [first.trackingUID]: 'candidate' } },
  unsigned: { delete: [first.trackingUID] },
} satisfies Record<string, ReportEdits>;
const peers = hasPeer('storescu') && hasPeer('xml2dsr') && hasPythonModule('pydicom');
let segs: Record<keyof typeof segmentationEdits, Edited>;
let reports: Record<keyof typeof reportEdits, Edited>;

beforeAll(async () => {
  writeFileSync(segPath, seg.bytes);
  writeFileSync(srPath, sr.bytes);
  sourceFiles.forEach((bytes, index) => writeFileSync(sourcePaths[index], bytes));
  if (!peers) return;
  segs = await editedSegmentations(segPath, work, segmentationEdits);
  reports = await editedReports(srPath, work, reportEdits);
});

/** A node's receiving half with an analysed study: what the networks found is what `input` says. */
beforeEach(async () => {
  await closeServer?.();
  store?.close();
  dataDir = mkdtempSync(join(work, 'data-'));
  store = openStore(databasePath(dataDir));
  queue = openQueue(store);
  const config = parseConfig({ dataDir, dicom: { reviewers: ['READER'] } });
  const intake = openIngest({ store, queue, config, destinations: [], clock: systemClock, logger: silentLogger });
  const server = createServer({
    aeTitle: 'PRIORA',
    port: 0,
    supportedContexts: [...reviewClasses].map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: Object.values(TransferSyntax),
    })),
    services: [storageService(intake.storeHandler)],
    logger: silentLogger,
    onAssociationClosed: intake.associationClosed,
  });
  ({ port } = await server.listen());
  closeServer = () => server.close();
  for (const path of sourcePaths) await intake.receiveFile(path);
  analysed();
});
afterAll(async () => {
  await closeServer();
  store.close();
});

function analysed(): void {
  const nothing = { priorCaseKey: null, priorSeriesInstanceUID: null, fingerprint: 'the networks alone' };
  const { caseKey } = store.cases.open({ StudyInstanceUID, SeriesInstanceUID, ...nothing }, 1).case;
  const folder = new CaseFolder(dataDir, caseKey);
  folder.writeLabels(input.labels);
  store.cases.finish(caseKey, { status: 'reported', result: caseResult(), lesions: input.lesions }, 2);
  for (const [kind, object] of [
    ['SEG', seg],
    ['SR', sr],
  ] as const)
    // prettier-ignore
    store.objects.insert({
      ...object,
      kind,
      caseKey,
      path: folder.write(`${kind}.dcm`, object.bytes),
      sha256: createHash('sha256').update(object.bytes).digest(),
      predecessorSOPInstanceUID: null,
      createdAt: 2,
    });
}

/** As a case does when it is opened. */
const reviewed = async () => {
  const { review, refused } = await reviewedTimePoint(store, dataDir, store.series.find(SeriesInstanceUID)!, {});
  noteRefused(store, refused);
  return review;
};
const review = ({ SOPInstanceUID }: { SOPInstanceUID: string }): ReviewRow | undefined =>
  store.reviews.ofStudy(StudyInstanceUID).find((row) => row.SOPInstanceUID === SOPInstanceUID);
const analysisQueued = () => queue.find(`analyse:${StudyInstanceUID}`)?.state === 'queued';

/** LABELMAP is younger than storescu. */
const send = (path: string) =>
  sendFiles({
    destination: { host: '127.0.0.1', port, calledAETitle: 'PRIORA' },
    callingAETitle: 'READER',
    paths: [path],
    logger: silentLogger,
  });

/** What stands after a reader has sent these: tracking ID, confidence, verdict, voxels of each lesion. */
async function standingAfter(...sent: Edited[]) {
  for (const { path } of sent) await send(path);
  const found = (await reviewed())!;
  const sizes = new Map<number, number>();
  for (const number of found.labels.voxels) if (number !== 0) sizes.set(number, (sizes.get(number) ?? 0) + 1);
  // As following them names those that nobody has named.
  const lesions = [...sizes.keys()].sort().map((number) => {
    const { named, confidence } = found.saidOf({ number });
    return { number, confidence, ...(named ?? { trackingUID: 'new', trackingID: 'unnamed' }) };
  });
  const verdict = found.verdict(lesions);
  return {
    labels: found.labels,
    noteApplied: () => noteApplied(store, found.applied),
    verdict,
    lesions,
    standing: verdict.lesions.map(({ trackingID, verdict }, index) => ({
      trackingID,
      verdict,
      confidence: lesions[index].confidence,
      voxels: sizes.get(index + 1),
    })),
    rejected: verdict.rejected.map(({ trackingID }) => trackingID),
  };
}
const kept = ({ trackingID, confidence, voxelCount }: typeof first) => ({
  trackingID,
  verdict: 'kept',
  confidence,
  voxels: voxelCount,
});

describe.skipIf(!peers)('a SEG that a reader has edited', () => {
  test('1: a lesion deleted, one grown, one accepted; the original is still there', async () => {
    const { standing, rejected, labels } = await standingAfter(segs.corrected);
    expect(rejected).toEqual([second.trackingID]);
    expect(standing).toMatchObject([
      { trackingID: first.trackingID, verdict: 'edited', confidence: 'confirmed' },
      { trackingID: third.trackingID, verdict: 'accepted', confidence: 'confirmed', voxels: third.voxelCount },
    ]);
    expect(standing[0].voxels).toBeGreaterThan(first.voxelCount);
    // What has grown encloses what was there, in place.
    input.labels.voxels.forEach((label, index) => {
      if (label === first.number && labels.voxels[index] !== 1) expect.fail(`voxel ${index} is gone`);
    });
    expect(analysisQueued()).toBe(true);
    expect(store.lesions.ofCase(1)).toHaveLength(3);
  });

  test('2: frames in reverse, no TrackingUIDs and a vague property: the lesions are known by where they lie', async () => {
    const { standing, rejected } = await standingAfter(segs.nameless);
    expect(standing).toEqual([kept(first), { ...kept(second), verdict: 'accepted' }, kept(third)]);
    expect(rejected).toEqual([]);
  });

  test('a lesion grown in a viewer that leaves AUTOMATIC in every segment is edited, the others are kept', async () => {
    const { standing } = await standingAfter(segs.slicer);
    expect(standing).toMatchObject([
      { trackingID: first.trackingID, verdict: 'edited', confidence: 'confirmed' },
      kept(second),
      kept(third),
    ]);
  });

  test('3: a lesion that we had missed becomes one of the patient’s, under the UID the reader gave it if there is one', async () => {
    const added = { verdict: 'added', confidence: 'confirmed', voxels: 32 };
    expect((await standingAfter(segs.drawn)).standing).toContainEqual({ trackingID: 'unnamed', ...added });
    const { standing, lesions } = await standingAfter(segs.named);
    expect(standing).toContainEqual({ trackingID: 'Lesion 4', ...added });
    expect(lesions.find(({ trackingID }) => trackingID === 'Lesion 4')).toMatchObject({ trackingUID: '1.2.3.4' });
  });

  test('4: LABELMAP says the same as BINARY', async () => {
    const binary = await standingAfter(segs.binary);
    const labelmap = await standingAfter(segs.labelmap);
    expect(labelmap.verdict.objects).toEqual([segs.binary, segs.labelmap].map(({ SOPInstanceUID }) => SOPInstanceUID));
    expect(labelmap.standing).toEqual(binary.standing);
    expect(labelmap.labels).toEqual(binary.labels);
  });

  test('5: it corrects nothing when no person has touched it, or it is about something else; the reason is kept', async () => {
    const reasons = {
      untouched: /no person has changed it/,
      shifted: /another grid/,
      elsewhere: /another frame of reference/,
      pancreas: /none of its segments is a lesion/,
    };
    const sent = Object.keys(reasons).map((name) => segs[name as keyof typeof reasons]);
    await storescu(port, 'READER', ...sent.map(({ path }) => path));
    expect(sent.map((edited) => review(edited)?.state)).toEqual(sent.map(() => 'waiting'));
    expect(await reviewed()).toBeNull();
    Object.values(reasons).forEach((reason, index) => {
      expect(review(sent[index])).toMatchObject({ state: 'refused', reason: expect.stringMatching(reason) as string });
      expect(store.instances.find(sent[index].SOPInstanceUID)).toBeDefined();
    });
    expect(store.reviews.open()).toHaveLength(sent.length);
  });
});

describe('a SEG that a viewer has written, not an edited one of ours', () => {
  const draw = (labels: Uint8Array | Uint16Array, algorithm: 'MANUAL' | 'SEMIAUTOMATIC') => {
    // The reader begins with the last one.
    const segments = [third, second, first].map(({ number }, index) => ({
      value: number,
      SegmentLabel: `Segment ${index + 1}`,
      SegmentAlgorithmType: algorithm,
    }));
    return viewerSegmentation(sourceFiles, labels, segments, join(work, `viewer-${algorithm}.dcm`));
  };

  test('its own order of segments and slices, no tracking UIDs, "Tissue", MANUAL: every lesion is known again', async () => {
    const labels = input.labels.voxels.slice();
    labels[labels.indexOf(third.number)] = 0;
    const { standing, rejected } = await standingAfter(draw(labels, 'MANUAL'));
    const edited = { verdict: 'edited', confidence: 'confirmed', voxels: third.voxelCount - 1 };
    expect(standing).toEqual([kept(first), kept(second), { ...kept(third), ...edited }]);
    expect(rejected).toEqual([]);
  });

  test('one lesion erased and a new one drawn with it, SEMIAUTOMATIC', async () => {
    const labels = input.labels.voxels.slice();
    labels.forEach((label, index) => {
      if (label === second.number) labels[index] = 0;
    });
    const [columns] = input.labels.shape;
    for (const row of [2, 3, 4]) labels.fill(second.number, row * columns + 30, row * columns + 34);
    const seg = draw(labels, 'SEMIAUTOMATIC');
    const { standing, rejected, noteApplied } = await standingAfter(seg);
    expect(standing.map(({ trackingID, verdict, voxels }) => [trackingID, verdict, voxels])).toEqual([
      [first.trackingID, 'kept', first.voxelCount],
      [third.trackingID, 'kept', third.voxelCount],
      ['unnamed', 'added', 12],
    ]);
    expect(rejected).toEqual([second.trackingID]);
    noteApplied();
    expect(review(seg)).toMatchObject({ state: 'applied', observer: 'Reader^Rita' });
  });
});

describe('a review that comes before the study has been read', () => {
  test('waits, and queues nothing: the analysis of the images will find it', async () => {
    store.cases.finish(1, { status: 'failed', code: 'INTERNAL', reason: 'not read yet' }, 3);
    const early = viewerSegmentation(
      sourceFiles,
      input.labels.voxels,
      [{ value: first.number, SegmentLabel: 'one', SegmentAlgorithmType: 'MANUAL' }],
      join(work, 'early.dcm'),
    );
    await send(early.path);
    expect(await reviewed()).toBeNull();
    expect(review(early)?.state).toBe('waiting');
    expect(awaitsReview(store, StudyInstanceUID)).toBe(true);
    expect(analysisQueued()).toBe(false);
  });
});

describe.skipIf(!peers)('a report that a person has edited', () => {
  test('6: deleted is rejected, confirmed is accepted, a measurement is kept as theirs', async () => {
    const { standing, rejected, verdict, noteApplied } = await standingAfter(reports.judged);
    expect(standing).toEqual([kept(first), { ...kept(third), verdict: 'accepted', confidence: 'confirmed' }]);
    expect(rejected).toEqual([second.trackingID]);
    expect(verdict.lesions.map(({ theirs }) => theirs)).toEqual([{ longAxisMm: 19.5 }, {}]);
    noteApplied();
    expect(review(reports.judged)).toMatchObject({ state: 'applied', observer: 'Reader' });
  });

  test('7: one lesion is doubted; what the reader drew before stays', async () => {
    const { standing } = await standingAfter(segs.drawn, reports.doubting);
    expect(standing.map(({ trackingID, verdict, confidence }) => [trackingID, verdict, confidence])).toEqual([
      [first.trackingID, 'doubted', 'candidate'],
      [second.trackingID, 'kept', 'confirmed'],
      ['unnamed', 'added', 'confirmed'],
      [third.trackingID, 'kept', 'candidate'],
    ]);
  });

  test('8: without a person it corrects nothing', async () => {
    await storescu(port, 'READER', reports.unsigned.path);
    expect(await reviewed()).toBeNull();
    expect(review(reports.unsigned)).toMatchObject({ state: 'refused', reason: 'it names no person as observer' });
  });
});

describe.skipIf(!peers)('what is no review', () => {
  test('9: our own objects, sent back, are nothing new', async () => {
    await storescu(port, 'READER', segPath, srPath);
    expect(store.instances.find(seg.SOPInstanceUID)).toBeDefined();
    expect(store.reviews.ofStudy(StudyInstanceUID)).toEqual([]);
    expect(analysisQueued()).toBe(false);
  });

  test('10: a sender that is not listed is refused at once', async () => {
    await storescu(port, 'STRANGER', segs.corrected.path);
    expect(review(segs.corrected)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('not listed') as string,
    });
    expect(analysisQueued()).toBe(false);
    expect(await reviewed()).toBeNull();
  });
});

test.skipIf(!peers)('11: a review survives the death of the node, and is taken once', async () => {
  await storescu(port, 'READER', segs.corrected.path);
  await storescu(port, 'READER', segs.corrected.path);
  // Another process finds what the first was told; it has nothing of its own.
  const other = openStore(databasePath(dataDir));
  expect(openQueue(other).find(`analyse:${StudyInstanceUID}`)?.state).toBe('queued');
  const { review: found } = await reviewedTimePoint(other, dataDir, other.series.find(SeriesInstanceUID)!, {});
  other.close();
  expect(found?.verdict([]).objects).toEqual([segs.corrected.SOPInstanceUID]);
});
