import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { caseFinished } from '../../../src/node/work/case-finished.js';
import { patientHistory } from '../../../src/node/operations/history.js';
import { explainSeries } from '../../../src/node/operations/explain.js';
import { namedPatient } from '../../../src/node/operations/named-patient.js';
import { requestAnalysis } from '../../../src/node/queue/case-jobs.js';
import { nodeStatus } from '../../../src/node/operations/status.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/log.js';
import { firstItem, items, numbers, type Dataset } from '../../../src/dicom/dataset.js';
import { parseFile, readDicomFile, writeFile } from '../../../src/dicom/dicom-file.js';
import { destinationsSchema, kindsToWrite } from '../../../src/node/delivery/destinations.js';
import { parseConfig } from '../../../src/core/config.js';
import { instanceCommitted } from '../../../src/node/ingest/instance-committed.js';
import { Ensemble } from '../../../src/analysis/infer/ensemble.js';
import { loadModels } from '../../../src/analysis/infer/manifest.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { Runner } from '../../../src/node/queue/runner.js';
import { loadMappings } from '../../../src/node/mappings.js';
import { analyseStudy, type PipelineContext } from '../../../src/analysis/pipeline.js';
import { openReceiver } from '../../../src/node/ingest/receiver.js';
import { databasePath, openStore, type CaseRow, type LesionRow, type SeriesRow } from '../../../src/store/store.js';
import { hasPeer, hasPythonModule } from '../../peers.js';
import { editedSegmentations } from '../review/reader.js';
import { applyAffine, identityAffine, invertAffine, type Affine } from '../../../src/imaging/affine.js';
import { phantomStudies, type PhantomStudy } from './studies.js';

/** Heads that were prepared, by their voxels and geometry. */
const prepared = vi.hoisted(() => new Map<string, Promise<object>>());
// The studies here are read in many situations. Preparing a head depends on its image alone, so each is prepared once.
vi.mock(import('../../../src/analysis/prepare/prepare-current.js'), async (original) => {
  const real = await original();
  const prepareCurrent: typeof real.prepareCurrent = (source, options) => {
    const { voxels, ...geometry } = source;
    const key = createHash('sha256').update(voxels).update(JSON.stringify(geometry)).digest('hex');
    const known = prepared.get(key) ?? real.prepareCurrent(source, options);
    prepared.set(key, known);
    return known as ReturnType<typeof real.prepareCurrent>;
  };
  return { ...real, prepareCurrent };
});

const root = join(import.meta.dirname, '../../..');
let ensemble: Ensemble;
let studies: PhantomStudy[];

beforeAll(async () => {
  ensemble = await Ensemble.start(await loadModels(join(root, 'test/fixtures/models')), {
    provider: 'cpu',
    threads: 2,
    memoryLimitMb: 2000,
  });
  studies = await phantomStudies();
});
afterAll(() => ensemble.close());

const peer = { host: '127.0.0.1', port: 104, calledAETitle: 'PEER' };

/** A data folder of its own, with everything the pipeline needs. */
function openContext(): PipelineContext & {
  queue: ReturnType<typeof openQueue>;
  receive: (paths: readonly string[]) => Promise<void>;
} {
  const dataDir = mkdtempSync(join(tmpdir(), 'priora-longitudinal-'));
  const mappings = {
    ...loadMappings(join(root, 'mappings')),
    destinations: destinationsSchema.parse({
      destinations: [
        { ...peer, name: 'pacs', objects: ['SEG', 'SR', 'KOS', 'PDF', 'RejectionNote'] },
        { ...peer, name: 'planning', objects: ['RTSTRUCT', 'REG'] },
        { ...peer, name: 'viewer', objects: ['LABELMAP', 'SR'] },
      ],
    }).destinations,
  };
  const store = openStore(databasePath(dataDir));
  const queue = openQueue(store);
  const commit = {
    store,
    queue,
    index: { issuers: {}, zone: 'utc' },
    completeness: parseConfig({}).completeness,
    // Files have no sender.
    reviewers: [''],
  };
  const receiver = openReceiver({
    store,
    dataDir,
    logger: silentLogger,
    index: (header, instance, source) => instanceCommitted(commit, header, instance, source),
  });
  return {
    store,
    queue,
    dataDir,
    mappings,
    ensemble,
    language: 'en',
    zone: 'utc',
    objects: kindsToWrite(mappings.destinations),
    clock: systemClock,
    onFinished: (finished) => caseFinished({ store, queue, mappings, clock: systemClock }, finished),
    receive: async (paths) => {
      for (const path of paths) expect((await receiver.receiveFile(path)).outcome).not.toBe('quarantined');
    },
  };
}

const resultOf = ({ result }: CaseRow) => result!;

describe('a study arrives late', () => {
  let context: ReturnType<typeof openContext>;
  /** The study before its last slice had come, alone, and after the one before it had come. */
  let early: CaseRow;
  let afterEarly: SeriesRow;
  let alone: CaseRow;
  let again: CaseRow;

  beforeAll(async () => {
    context = openContext();
    await context.receive(studies[1].paths.slice(0, -1));
    let late: Promise<void> | undefined;
    early = await analyseStudy(context, studies[1].StudyInstanceUID, {
      onStage: (stage) => {
        if (stage === 'prepare') late ??= context.receive(studies[1].paths.slice(-1));
      },
    });
    await late;
    [afterEarly] = context.store.series.ofStudy(studies[1].StudyInstanceUID);
    alone = await analyseStudy(context, studies[1].StudyInstanceUID);
  });
  afterAll(() => context.store.close());

  test('the same input gives the same bytes and the same UIDs', async () => {
    prepared.clear();
    const other = openContext();
    await other.receive(studies[1].paths.slice(0, -1).reverse());
    const finished = await analyseStudy(other, studies[1].StudyInstanceUID);
    const objects = ({ dataDir }: PipelineContext, row: CaseRow) =>
      resultOf(row).objects.map(({ SOPInstanceUID, path }) => [
        SOPInstanceUID,
        readFileSync(join(dataDir, path)).toString('base64'),
      ]);
    expect(objects(other, finished)).toEqual(objects(context, early));
    other.store.close();
  });

  test('with its last slice late, come while it was prepared, it is read twice, the second time with all of it', () => {
    // Else its completeness would not be looked at again.
    expect(afterEarly.state).toBe('receiving');
    expect(context.store.series.ofStudy(studies[1].StudyInstanceUID)[0].state).toBe('assembled');
    expect([early.status, alone.status]).toEqual(['reported', 'reported']);
    expect(alone.supersededCaseKey).toBe(early.caseKey);
  });

  test('1: without an earlier study it is read without prior, as baseline, and the report says so', async () => {
    expect(alone.status).toBe('reported');
    expect(resultOf(alone).prior).toBeNull();
    expect(resultOf(alone).noPriorReason).toEqual({ kind: 'no earlier study' });
    expect(context.store.lesions.ofCase(alone.caseKey).every(({ change }) => change === 'baseline')).toBe(true);
    const sr = resultOf(alone).objects.find(({ kind }) => kind === 'SR')!;
    expect(JSON.stringify((await readDicomFile(join(context.dataDir, sr.path))).dataset)).toContain('no earlier study');
  });

  test('2: the older study queues the later one again', async () => {
    await context.receive(studies[0].paths);
    const older = await analyseStudy(context, studies[0].StudyInstanceUID);
    expect(older.status).toBe('reported');
    expect(context.queue.find(`analyse:${studies[1].StudyInstanceUID}`)?.state).toBe('queued');
  });

  test('3: which then has its prior, supersedes its first report and keeps its identities', async () => {
    again = await analyseStudy(context, studies[1].StudyInstanceUID);
    expect(again.caseKey).not.toBe(alone.caseKey);
    expect(again.supersededCaseKey).toBe(alone.caseKey);
    expect(resultOf(again).prior).toMatchObject({ StudyInstanceUID: studies[0].StudyInstanceUID, verdict: 'accepted' });
    const { cases, lesions } = context.store;
    const before = new Set(lesions.ofCase(alone.caseKey).map(({ trackingUID }) => trackingUID));
    const now = lesions.ofCase(again.caseKey);
    expect(new Set(now.map(({ trackingUID }) => trackingUID)).size).toBe(now.length);
    // The late baseline took the names that were in use, so that nothing of some size is called otherwise now.
    const large = now.filter(({ volumeMm3 }) => volumeMm3 > 100);
    expect(large.length).toBeGreaterThan(2);
    expect(large.filter(({ trackingUID }) => !before.has(trackingUID))).toEqual([]);
    const older = cases.latestOfStudy(studies[0].StudyInstanceUID)!;
    const common = lesions.ofCase(older.caseKey).filter(({ trackingUID }) => before.has(trackingUID));
    expect(common.length).toBeGreaterThan(1);
    expect(now.some(({ change }) => change === 'grown')).toBe(true);
    expect(resultOf(alone).response).toMatchObject({ overall: 'baseline', baselineOrder: 1 });
    expect(resultOf(again).response).toMatchObject({ baselineOrder: 1, immunotherapy: 'unknown' });
    expect(['CR', 'PR', 'SD', 'non-CR/non-PD', 'PD']).toContain(resultOf(again).response.overall);
  });

  test('explain tells which prior was used and why, and the earlier study why it has none', () => {
    const { store } = context;
    const config = { mappingsDir: join(root, 'mappings') };
    expect(explainSeries({ store, config }, studies[1].SeriesInstanceUID)).toMatchObject({
      state: 'assembled',
      selection: { accepted: true, forced: false },
      otherStudies: [
        {
          StudyInstanceUID: studies[0].StudyInstanceUID,
          SeriesInstanceUID: studies[0].SeriesInstanceUID,
          verdict: 'prior',
          reason: 'the latest earlier study',
        },
      ],
      case: { status: 'reported', reason: null, priorStudyInstanceUID: studies[0].StudyInstanceUID },
    });
    expect(explainSeries({ store, config }, studies[0].SeriesInstanceUID)).toMatchObject({
      otherStudies: [
        { StudyInstanceUID: studies[1].StudyInstanceUID, verdict: 'not earlier', reason: 'it is not earlier' },
      ],
      case: { status: 'reported', priorStudyInstanceUID: null },
    });
  });

  test('4: the new SR names the old one, and a rejection note retires what no longer stands', async () => {
    const path = (row: CaseRow, kind: string) => resultOf(row).objects.find((object) => object.kind === kind)!;
    const { dataset } = await readDicomFile(join(context.dataDir, path(again, 'SR').path));
    expect(JSON.stringify(dataset['PredecessorDocumentsSequence'])).toContain(path(alone, 'SR').SOPInstanceUID);
    const note = JSON.stringify(
      (await readDicomFile(join(context.dataDir, path(again, 'RejectionNote').path))).dataset,
    );
    expect(note).toContain(path(alone, 'SR').SOPInstanceUID);
    expect(note).not.toContain(path(again, 'SR').SOPInstanceUID);
  });

  test.skipIf(!hasPeer('dsrdump'))('priora history gives the numbers of the SR, as DCMTK reads it', () => {
    const { lesions, timePoints } = patientHistory(
      context,
      namedPatient(context.store, studies[1].PatientID, undefined),
    );
    expect(timePoints.map(({ StudyInstanceUID }) => StudyInstanceUID)).toEqual([
      studies[0].StudyInstanceUID,
      studies[1].StudyInstanceUID,
    ]);
    const sr = resultOf(again).objects.find(({ kind }) => kind === 'SR')!;
    const dump = execFileSync('dsrdump', ['+Pc', '+U8', join(context.dataDir, sr.path)], { encoding: 'utf8' });
    for (const { trackingUID, entries } of lesions) {
      const entry = entries[1];
      if (!entry?.seen) continue;
      const group = dump.slice(dump.indexOf(`"Tracking Unique Identifier")="${trackingUID}"`));
      const number = (meaning: string) => Number(new RegExp(`"${meaning}"\\)="([^"]+)"`).exec(group)![1]);
      const written = (value: number) => Number(value.toFixed(2));
      expect(number('Volume')).toBe(written(entry.volumeMm3));
      expect(number('Long axis')).toBe(written(entry.longAxisMm));
      expect(number('Short axis')).toBe(written(entry.shortAxisMm));
      if (entry.sincePrior)
        expect(number('Volume change since previous measurement')).toBe(written(entry.sincePrior.volumeChangeMm3));
    }
  });

  test('5: run once more, nothing changes', async () => {
    const third = await analyseStudy(context, studies[1].StudyInstanceUID);
    expect(third.caseKey).toBe(again.caseKey);
    const deliveries = context.store.deliveries.ofCase(again.caseKey).map(({ destination, SOPInstanceUID }) => {
      const { kind } = context.store.objects.find(SOPInstanceUID)!;
      return `${destination} ${kind}`;
    });
    expect(deliveries.sort()).toEqual([
      ...['KOS', 'PDF', 'RejectionNote', 'SEG', 'SR'].map((kind) => `pacs ${kind}`),
      ...['REG', 'RTSTRUCT'].map((kind) => `planning ${kind}`),
      ...['LABELMAP', 'LABELMAP-SR'].map((kind) => `viewer ${kind}`),
    ]);
  });

  test('its registration object lays the prior’s lesions on its own', async () => {
    const prior = context.store.cases.latestOfStudy(studies[0].StudyInstanceUID)!;
    const { path } = resultOf(again).objects.find(({ kind }) => kind === 'REG')!;
    const { dataset } = await readDicomFile(join(context.dataDir, path));
    const [, item] = items(dataset, 'RegistrationSequence');
    const matrix = firstItem(firstItem(item, 'MatrixRegistrationSequence'), 'MatrixSequence');
    const currentFromPrior = numbers(matrix, 'FrameOfReferenceTransformationMatrix');
    const before = new Map(context.store.lesions.ofCase(prior.caseKey).map((lesion) => [lesion.trackingUID, lesion]));
    const pairs = context.store.lesions.ofCase(again.caseKey).flatMap(({ trackingUID, centroidPatientMm }) => {
      const known = before.get(trackingUID);
      return known ? [[known.centroidPatientMm, centroidPatientMm] as const] : [];
    });
    /** Lesions grow and shrink, and small findings come and go beside each other: one centroid alone proves little. */
    const typicalMm = (registeredFromSource: Affine) => {
      const distances = pairs.map(([from, to]) => {
        const mapped = applyAffine(registeredFromSource, from);
        return Math.hypot(mapped[0] - to[0], mapped[1] - to[1], mapped[2] - to[2]);
      });
      return distances.sort((one, other) => one - other)[distances.length >> 1];
    };
    expect(typicalMm(currentFromPrior)).toBeLessThan(2);
    expect(typicalMm(identityAffine)).toBeGreaterThan(2 * typicalMm(currentFromPrior));
    expect(typicalMm(invertAffine(currentFromPrior))).toBeGreaterThan(typicalMm(identityAffine));
  });

  describe.skipIf(!hasPythonModule('pydicom'))('and a reader corrects the older one', () => {
    let own: CaseRow;
    let reviewed: CaseRow;
    /** Our lesions there: one that the reader deletes, one whose outline is drawn larger; both were followed. */
    let rejected: LesionRow;
    let grown: LesionRow;
    const lesionsOf = ({ caseKey }: CaseRow) => context.store.lesions.ofCase(caseKey);

    /** The reader's object. */
    let correctedPath: string;

    beforeAll(async () => {
      own = context.store.cases.latestOfStudy(studies[0].StudyInstanceUID)!;
      const later = lesionsOf(again);
      const clearanceMm = ({ centroidPatientMm: [x, y, z] }: LesionRow) =>
        later
          .map(({ centroidPatientMm: other }) => Math.hypot(other[0] - x, other[1] - y, other[2] - z))
          .sort((a, b) => a - b)[1];
      // One to one, and drawn larger without reaching a neighbour, which would make it a lesion that has split.
      const followed = later
        .filter(({ sincePrior }) => sincePrior)
        .sort((one, other) => clearanceMm(other) - clearanceMm(one));
      const before = new Map(lesionsOf(own).map((lesion) => [lesion.trackingUID, lesion]));
      [grown, rejected] = followed.map(({ trackingUID }) => before.get(trackingUID)!);
      const seg = resultOf(own).objects.find(({ kind }) => kind === 'SEG')!;
      const { corrected } = await editedSegmentations(
        join(context.dataDir, seg.path),
        mkdtempSync(join(tmpdir(), 'priora-reader-')),
        {
          corrected: {
            delete: [rejected.number],
            grow: [grown.number],
            algorithm: { [grown.number]: 'SEMIAUTOMATIC' },
          },
        },
      );
      correctedPath = corrected.path;
      await context.receive([correctedPath]);
      reviewed = await analyseStudy(context, studies[0].StudyInstanceUID);
    });

    test('6: what stands is the reader’s, measured by us; ours stays in the history', () => {
      expect(reviewed.supersededCaseKey).toBe(own.caseKey);
      const standing = lesionsOf(reviewed);
      expect(standing).toHaveLength(lesionsOf(own).length - 1);
      expect(standing.some(({ trackingUID }) => trackingUID === rejected.trackingUID)).toBe(false);
      const larger = standing.find(({ trackingUID }) => trackingUID === grown.trackingUID)!;
      expect(larger.volumeMm3).toBeGreaterThan(grown.volumeMm3);
      expect(larger.confidence).toBe('confirmed');
      expect(larger.probability).toBeCloseTo(grown.probability, 1);
      const { review } = resultOf(reviewed);
      expect(review?.rejected.map(({ trackingUID }) => trackingUID)).toEqual([rejected.trackingUID]);
      expect(context.store.reviews.ofStudy(studies[0].StudyInstanceUID)).toMatchObject([
        { state: 'applied', observer: 'Reader^Rita' },
      ]);
    });

    test('7: nothing of ours is written or sent again for it', () => {
      expect(resultOf(reviewed).objects).toEqual(resultOf(own).objects);
      expect(context.store.deliveries.ofCase(reviewed.caseKey)).toEqual([]);
    });

    test('8: the follow-up is compared with it; what was rejected is a candidate there and never new', async () => {
      expect(context.queue.find(`analyse:${studies[1].StudyInstanceUID}`)?.state).toBe('queued');
      const corrected = await analyseStudy(context, studies[1].StudyInstanceUID);
      expect(corrected.supersededCaseKey).toBe(again.caseKey);
      const now = (uid: string) => lesionsOf(corrected).find(({ trackingUID }) => trackingUID === uid)!;
      const growth = (lesion: LesionRow) => lesion.sincePrior!.volumeChangeMm3;
      const before = lesionsOf(again).find(({ trackingUID }) => trackingUID === grown.trackingUID)!;
      expect(growth(now(grown.trackingUID))).toBeLessThan(growth(before));
      expect(now(rejected.trackingUID)).toMatchObject({ confidence: 'candidate', change: 'unclear' });
      const sr = resultOf(corrected).objects.find(({ kind }) => kind === 'SR')!;
      const text = JSON.stringify((await readDicomFile(join(context.dataDir, sr.path))).dataset);
      expect(text).toContain('the lesions of the prior study are those corrected by a reader');
    });

    test('9: run once more, the reader’s word still stands', async () => {
      expect((await analyseStudy(context, studies[0].StudyInstanceUID)).caseKey).toBe(reviewed.caseKey);
    });

    test('a correction that is there before the images are read stands at once, and ours is beneath it', async () => {
      const early = openContext();
      await early.receive([correctedPath, ...studies[0].paths]);
      const first = await analyseStudy(early, studies[0].StudyInstanceUID);
      const { cases, lesions, reviews, objects } = early.store;
      expect(reviews.ofStudy(studies[0].StudyInstanceUID)).toMatchObject([{ state: 'applied' }]);
      const volumes = (rows: readonly LesionRow[]) => rows.map(({ volumeMm3 }) => volumeMm3);
      expect(volumes(lesions.ofCase(first.caseKey))).toEqual(volumes(lesionsOf(reviewed)));
      expect(resultOf(first).review?.rejected).toHaveLength(1);
      const beneath = cases.find(first.supersededCaseKey!)!;
      expect(volumes(lesions.ofCase(beneath.caseKey))).toEqual(volumes(lesionsOf(own)));
      expect(objects.ofCase(beneath.caseKey).map(({ kind }) => kind)).toContain('SEG');
      early.store.close();
    });
  });
});

describe('one study', () => {
  test('10: with a slice missing in the middle it is rejected, with the reason, and is nobody’s prior', async () => {
    const context = openContext();
    await context.receive(studies[0].paths.filter((_, index) => index !== 60));
    const rejected = await analyseStudy(context, studies[0].StudyInstanceUID);
    expect(rejected).toMatchObject({ status: 'rejected', code: 'GEOMETRY_GAP' });
    expect(context.store.series.find(studies[0].SeriesInstanceUID)?.state).toBe('refused');
    const { store } = context;
    expect(
      explainSeries({ store, config: { mappingsDir: join(root, 'mappings') } }, studies[0].SeriesInstanceUID),
    ).toMatchObject({
      state: 'refused',
      selection: { accepted: true },
      case: { status: 'rejected', reason: expect.stringMatching(/about 1 missing/) as string },
    });
    context.store.close();
  });

  test('11: an object that would break the standard is not sent; the case fails, and an alarm says so', async () => {
    const context = openContext();
    const { store, queue } = context;
    // No UID, as it would stand in every object of ours.
    await context.receive(rewritten(studies[0], (dataset) => ({ ...dataset, FrameOfReferenceUID: 'SCANNER.1' })));
    const lines: { level: number; code?: string }[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
    requestAnalysis({ store, queue }, studies[0].StudyInstanceUID);
    const analyse = async ({ StudyInstanceUID }: { StudyInstanceUID: string }) =>
      void (await analyseStudy(context, StudyInstanceUID));
    const runner = Runner.start({ queue, logger, handlers: { analyse } });
    await runner.idle();
    await runner.stop();

    const failed = store.cases.latestOfStudy(studies[0].StudyInstanceUID)!;
    expect(failed).toMatchObject({ status: 'failed', code: 'DICOM_INVALID_OUTPUT' });
    expect(failed.reason).toContain('FrameOfReferenceUID is no valid UI');
    expect(store.objects.ofCase(failed.caseKey)).toEqual([]);
    expect(store.deliveries.ofCase(failed.caseKey)).toEqual([]);
    expect(lines).toMatchObject([{ code: 'DICOM_INVALID_OUTPUT' }]);
    const { failedJobs, cases } = nodeStatus({ store, queue } as unknown as Parameters<typeof nodeStatus>[0]);
    expect(failedJobs).toMatchObject([{ code: 'DICOM_INVALID_OUTPUT', attempts: 1 }]);
    expect(cases).toMatchObject([{ status: 'failed', code: 'DICOM_INVALID_OUTPUT' }]);
    store.close();
  });
});

/** The files of a study with other data sets, in a folder of their own. */
function rewritten({ paths }: PhantomStudy, change: (dataset: Dataset, slice: number) => Dataset): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'priora-rewritten-'));
  return paths.map((path, slice) => {
    const file = join(folder, `${slice}.dcm`);
    const { dataset } = parseFile(readFileSync(path));
    const _vrMap = { PixelData: 'OW', SmallestImagePixelValue: 'US', LargestImagePixelValue: 'US' };
    const PixelData = (dataset['PixelData'] as ArrayBuffer[])[0];
    writeFileSync(file, writeFile({ ...change({ ...dataset, PixelData }, slice), _vrMap }));
    return file;
  });
}
