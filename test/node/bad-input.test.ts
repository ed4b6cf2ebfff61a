import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/core/config.js';
import { silentLogger } from '../../src/core/log.js';
import type { Dataset } from '../../src/dicom/dataset.js';
import { writeFile } from '../../src/dicom/dicom-file.js';
import { decodeFileMeta } from '../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association } from '../../src/dimse/index.js';
import { startNode, type RunningNode } from '../../src/node/node.js';
import { dicomSlices } from '../../src/phantom/dicom-series.js';
import type { PhantomPatient } from '../../src/phantom/patient.js';
import type { PhantomScan } from '../../src/phantom/scan.js';
import { demoScanner, scannerGrid } from '../../src/phantom/scanner.js';
import { verifyStorage } from '../../src/node/operations/verify.js';
import { databasePath, openStore, type Store } from '../../src/store/store.js';
import { emptyVolume } from '../../src/imaging/volume.js';
import { RawPeer } from '../dimse/raw-peer.js';
import { sliceDataset } from './ingest/instance.js';
import { required } from '../peers.js';
import { smallDisk, unmount } from '../small-disk.js';

/** Bytes for the data folder, where this user may mount a file system of its own. */
const diskMb = 64;
const disk = smallDisk(`${diskMb}m`);
const ownDisk = required(disk !== undefined, 'tmpfs (mounted by root)');
const dataDir = disk ?? mkdtempSync(join(tmpdir(), 'priora-bad-input-'));

let now = Date.now();
let node: RunningNode;
let store: Store;
beforeAll(async () => {
  const config = parseConfig({
    dataDir,
    modelsDir: resolve(import.meta.dirname, '../fixtures/models'),
    dicom: { port: 0, callingAETitles: ['MR1', 'READER'], reviewers: ['READER'] },
  });
  node = await startNode(config, silentLogger, { now: () => now });
  store = openStore(databasePath(dataDir));
});
afterAll(async () => {
  await node.close();
  store.close();
  if (ownDisk) unmount(dataDir);
});

const associate = (titles: { callingAETitle?: string; calledAETitle?: string } = {}) =>
  Association.request({
    host: '127.0.0.1',
    port: node.port,
    callingAETitle: 'MR1',
    calledAETitle: 'PRIORA',
    presentationContexts: [
      { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
      { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
      { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRBigEndian] },
    ],
    ...titles,
  });

/** Sends data sets over one association; the answers' statuses. */
async function send(
  instances: readonly { SOPInstanceUID: string; dataset: Buffer }[],
  transferSyntax: string = TransferSyntax.ExplicitVRLittleEndian,
): Promise<number[]> {
  const association = await associate();
  const statuses: number[] = [];
  for (const { SOPInstanceUID, dataset } of instances) {
    const operation = { SOPClassUID: SOPClass.MRImageStorage, SOPInstanceUID, transferSyntax, dataset: [dataset] };
    statuses.push((await association.store(operation)).Status);
  }
  await association.release();
  return statuses;
}

const slice = (number: number, overrides: Dataset = {}) => ({
  SOPInstanceUID: `1.2.3.1.1.${number}`,
  dataset: sliceDataset(number, overrides),
});
const quarantined = () => store.quarantine.list().map(({ code, SOPInstanceUID }) => `${SOPInstanceUID} ${code}`);
const goesOn = async (number: number) => expect(await send([slice(number)])).toEqual([0]);

describe('input that cannot be stored is answered, kept with its reason, and costs nothing else', () => {
  it.each([
    ['a truncated data set', 0xc000, 'DICOM_UNREADABLE', 11, () => sliceDataset(11).subarray(0, -100)],
    ['one without PatientID', 0xa900, 'DICOM_MISSING_ATTRIBUTE', 12, () => sliceDataset(12, { PatientID: '' })],
    ['CT under an MR class', 0xa900, 'DICOM_CLASS_MISMATCH', 13, () => sliceDataset(13, { Modality: 'CT' })],
  ])('%s', async (_, status, code, number, dataset) => {
    const SOPInstanceUID = `1.2.3.1.1.${number}`;
    expect(await send([slice(1), { SOPInstanceUID, dataset: dataset() }, slice(2)])).toEqual([0, status, 0]);
    expect(quarantined()).toContain(`${SOPInstanceUID} ${code}`);
    expect(store.instances.find(SOPInstanceUID)).toBeUndefined();
  });

  it('another transfer syntax than announced', async () => {
    expect(await send([slice(14)], TransferSyntax.ExplicitVRBigEndian)).toEqual([0xc000]);
    expect(quarantined()).toContain('1.2.3.1.1.14 DICOM_UNREADABLE');
    await goesOn(14);
  });

  it('unknown AE titles, called and calling, are rejected before anything is sent', async () => {
    await expect(associate({ callingAETitle: 'STRANGER' })).rejects.toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringMatching(/calling AE title/i) as string,
    });
    await expect(associate({ calledAETitle: 'OTHER' })).rejects.toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringMatching(/called AE title/i) as string,
    });
    await goesOn(3);
  });

  it('a malformed PDU costs its own connection and no other', async () => {
    const sending = await associate();
    const peer = await RawPeer.connect(node.port);
    peer.sendBytes('0400fffffff0deadbeef');
    expect(await peer.rest()).toMatchObject([{ type: 'abort' }]);
    expect((await sending.echo()).Status).toBe(0);
    await sending.release();
    await goesOn(4);
  });

  it.skipIf(!ownDisk)(
    'a full disk is 0xA700: the node stays up, nothing is half-written, and the sender may retry',
    async () => {
      writeFileSync(join(dataDir, 'ballast'), Buffer.alloc((diskMb - 6) * 1_000_000));
      const large = slice(5, { PixelData: [new Uint16Array(5_000_000).buffer] });
      expect(await send([large])).toEqual([0xa700]);
      expect(readdirSync(join(dataDir, 'incoming'))).toEqual([]);
      expect(store.instances.find(large.SOPInstanceUID)).toBeUndefined();
      await goesOn(6);
      rmSync(join(dataDir, 'ballast'));
      expect(await send([large])).toEqual([0]);
    },
  );
});

describe('a study that cannot be analysed is rejected with its reason', () => {
  /** A series that selection takes: the demonstration's headers over noise. */
  const series = (study: number, changes: (index: number, dataset: Dataset) => Dataset | null) => {
    const scanner = { ...demoScanner(1), shape: [144, 144, 100], spacingMm: [1.5, 1.5, 1.5] } as const;
    const patient = { seed: study, days: [0] } as unknown as PhantomPatient;
    const { voxels, ...grid } = emptyVolume(scannerGrid(scanner));
    const noise = voxels.map((_, index) => ((index * 7919) >>> 3) % 900);
    const image = { image: { ...grid, voxels: noise } } as PhantomScan;
    return dicomSlices(patient, 0, scanner, image).flatMap((dataset, index) => {
      const changed = changes(index, dataset);
      if (!changed) return [];
      const SOPInstanceUID = `1.2.4.${study}.${index}`;
      const uids = { SOPInstanceUID, StudyInstanceUID: `1.2.4.${study}`, SeriesInstanceUID: `1.2.4.${study}.0` };
      const file = writeFile({ ...dataset, ...changed, ...uids });
      return [{ SOPInstanceUID, dataset: file.subarray(decodeFileMeta(file).datasetOffset) }];
    });
  };

  it.each([
    [
      'missing geometry',
      101,
      (index: number) => (index === 40 ? { ImagePositionPatient: [], ImageOrientationPatient: [] } : {}),
      'GEOMETRY_MISSING',
    ],
    [
      'mixed orientations',
      102,
      (index: number) => (index < 30 ? { ImageOrientationPatient: [0, 1, 0, 0, 0, -1] } : {}),
      'GEOMETRY_MIXED',
    ],
    ['two slices', 103, (index: number) => (index < 2 ? {} : null), 'SERIES_NOT_SELECTED'],
    ['a slice missing', 104, (index: number) => (index === 50 ? null : {}), 'GEOMETRY_GAP'],
    ['no head in it', 105, () => ({}), 'NOT_A_BRAIN'],
  ])('%s', async (_, study, changes, code) => {
    const instances = series(study, changes);
    expect(new Set(await send(instances))).toEqual(new Set([0]));
    // The completeness timer.
    now += 61_000;
    await node.idle();
    const finished = store.cases.latestOfStudy(`1.2.4.${study}`)!;
    expect(finished, finished.reason!).toMatchObject({ status: 'rejected', code });
    expect(finished.reason).toMatch(/\w \w/);
    expect(store.instances.ofSeries(`1.2.4.${study}.0`)).toHaveLength(instances.length);
  });
});

it('a segmentation is a correction only from a reviewer, waits for its study and is not analysed as an image', async () => {
  for (const [callingAETitle, SOPInstanceUID] of [
    ['READER', '1.2.5.1'],
    ['MR1', '1.2.5.2'],
  ]) {
    const SOPClassUID = SOPClass.SegmentationStorage;
    const transferSyntax = TransferSyntax.ExplicitVRLittleEndian;
    const dataset = sliceDataset(1, { SOPClassUID, SOPInstanceUID, Modality: 'SEG', SeriesInstanceUID: '1.2.5' });
    const association = await Association.request({
      host: '127.0.0.1',
      port: node.port,
      callingAETitle,
      calledAETitle: 'PRIORA',
      presentationContexts: [{ abstractSyntax: SOPClassUID, transferSyntaxes: [transferSyntax] }],
    });
    const stored = { SOPClassUID, SOPInstanceUID, transferSyntax, dataset: [dataset] };
    expect((await association.store(stored)).Status).toBe(0);
    await association.release();
  }
  expect(store.series.find('1.2.5')?.origin).toBe('destination');
  expect(store.reviews.ofStudy('1.2.3.1')).toMatchObject([
    { SOPInstanceUID: '1.2.5.1', callingAETitle: 'READER', state: 'waiting', reason: null },
    { SOPInstanceUID: '1.2.5.2', callingAETitle: 'MR1', state: 'refused' },
  ]);
});

it('in the end everything that was answered with Success is on disk as it came, and nothing else', async () => {
  expect(await verifyStorage(store, dataDir)).toMatchObject({ missing: [], altered: [], orphans: [] });
  expect(readdirSync(join(dataDir, 'incoming'))).toEqual([]);
  expect(store.quarantine.list()).toHaveLength(4);
  const association = await associate();
  expect((await association.echo()).Status).toBe(0);
  await association.release();
});
