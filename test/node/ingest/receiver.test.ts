import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';
import { PrioraError } from '../../../src/core/errors.js';
import { silentLogger } from '../../../src/core/log.js';
import { decodeFileMeta, encodeFileMeta } from '../../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../../src/dicom/uid.js';
import { openIngest } from '../../../src/node/ingest/ingest.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import type { IndexInstance } from '../../../src/node/ingest/instance-intake.js';
import { openReceiver, type Receiver } from '../../../src/node/ingest/receiver.js';
import { verifyStorage } from '../../../src/node/operations/verify.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { association, sliceDataset, storeRequest } from './instance.js';
import { openDescriptors } from '../../descriptors.js';
import { hasSmallDisk, smallDisk, unmount } from '../../small-disk.js';

let dataDir: string;
let store: Store;
let receiver: Receiver;
let now = 1_000_000;
const clock = { now: () => now };

const open = (folder: string) => {
  dataDir = folder;
  store = openStore(join(folder, 'priora.sqlite'));
  receiver = openIngest({
    store,
    queue: openQueue(store, { clock }),
    config: parseConfig({ dataDir: folder, dicom: { issuers: { MR1: 'HOSPITAL' } } }),
    clock,
    logger: silentLogger,
    destinations: [{ calledAETitle: 'PACS', sendsStudies: false }],
  });
};
beforeEach(() => open(mkdtempSync(join(tmpdir(), 'priora-receive-'))));
afterEach(() => store.close());

/** Sends a data set in pieces of 1000 bytes, as PDUs would bring it. */
async function send(dataset: Buffer, request: Parameters<typeof storeRequest> = ['1.2.3.1.1.1']) {
  const sink = await receiver.storeHandler(storeRequest(...request));
  try {
    for (let at = 0; at < dataset.length; at += 1000) await sink.write(dataset.subarray(at, at + 1000));
  } catch (error) {
    await sink.abort('write failed');
    throw error;
  }
  return sink.finish();
}
const incoming = () => readdirSync(join(dataDir, 'incoming'));
const quarantined = () =>
  store.quarantine.list().map(({ code, path }) => ({ code, kept: existsSync(join(dataDir, path)) }));

describe('a valid instance', () => {
  it('is stored byte for byte, indexed, and answered with Success', async () => {
    const dataset = sliceDataset(1);
    expect(await send(dataset)).toEqual({ Status: 0 });
    const row = store.instances.find('1.2.3.1.1.1')!;
    expect(row).toMatchObject({ bytes: dataset.length, InstanceNumber: 1, normalPositionMm: 1 });
    expect(row.orientation).toBe('1.000\\0.000\\0.000\\0.000\\1.000\\0.000');
    const file = readFileSync(join(dataDir, row.path));
    const { meta, datasetOffset } = decodeFileMeta(file);
    expect(file.subarray(datasetOffset).equals(dataset)).toBe(true);
    expect(meta).toMatchObject({ SourceApplicationEntityTitle: 'MR1', MediaStorageSOPInstanceUID: '1.2.3.1.1.1' });
    expect(store.series.find('1.2.3.1.1')).toMatchObject({
      IssuerOfPatientID: 'HOSPITAL',
      PatientID: 'P1',
      state: 'receiving',
      origin: 'received',
    });
    expect(openQueue(store).find('complete:1.2.3.1.1')).toMatchObject({ state: 'queued', runAfter: now + 60_000 });
    expect(incoming()).toEqual([]);
  });

  it('changes nothing when sent again', async () => {
    await send(sliceDataset(1));
    const before = store.series.find('1.2.3.1.1');
    now += 5000;
    expect(await send(sliceDataset(1))).toEqual({ Status: 0 });
    expect(store.series.find('1.2.3.1.1')).toEqual(before);
    expect([store.instances.count(), store.quarantine.count(), incoming()]).toEqual([1, 0, []]);
  });

  it('replaces its own file when sent again after that was removed', async () => {
    await send(sliceDataset(1));
    rmSync(join(dataDir, 'instances'), { recursive: true });
    expect(await send(sliceDataset(1))).toEqual({ Status: 0 });
    expect(await verifyStorage(store, dataDir)).toEqual({ checked: 1, missing: [], altered: [], orphans: [] });
  });

  it('is stored once when sent by many associations at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, id) => send(sliceDataset(1), ['1.2.3.1.1.1', { association: id }])),
    );
    expect(answers.map(({ Status }) => Status)).toEqual(Array(8).fill(0));
    expect([store.instances.count(), store.quarantine.count(), incoming()]).toEqual([1, 0, []]);
  });

  it('can be deflated, implicit, or of any length', async () => {
    const transferSyntax = TransferSyntax.DeflatedExplicitVRLittleEndian;
    expect(await send(deflateRawSync(sliceDataset(1)), ['1.2.3.1.1.1', { transferSyntax }])).toEqual({ Status: 0 });
    const large = sliceDataset(2, { PixelData: [new Uint16Array(3_000_000).buffer] });
    expect(await send(large, ['1.2.3.1.1.2'])).toEqual({ Status: 0 });
    expect(store.instances.find('1.2.3.1.1.2')?.bytes).toBe(large.length);
    expect(await verifyStorage(store, dataDir)).toMatchObject({ checked: 2, missing: [], altered: [], orphans: [] });
  });

  it('is recognised as ours or as coming from a destination', async () => {
    await send(sliceDataset(1, { ManufacturerModelName: 'Priora' }));
    expect(store.series.find('1.2.3.1.1')?.origin).toBe('ours');
    await send(sliceDataset(2, { SeriesInstanceUID: '1.2.3.1.2' }), ['1.2.3.1.1.2', { callingAETitle: 'PACS' }]);
    expect(store.series.find('1.2.3.1.2')?.origin).toBe('destination');
  });

  it('counts as released only after an orderly release', async () => {
    await send(sliceDataset(1));
    receiver.associationClosed(association(1), { outcome: 'aborted', reason: 'gone', instancesStored: 1 });
    expect(store.series.find('1.2.3.1.1')?.associationReleasedAt).toBeNull();
    await send(sliceDataset(2), ['1.2.3.1.1.2', { association: 2 }]);
    receiver.associationClosed(association(2), { outcome: 'released', reason: '', instancesStored: 1 });
    expect(store.series.find('1.2.3.1.1')?.associationReleasedAt).toBe(now);
    expect(openQueue(store).find('complete:1.2.3.1.1')?.runAfter).toBe(now + 2000);
  });
});

describe('an invalid instance', () => {
  it.each([
    ['truncated', 'DICOM_UNREADABLE', 0xc000, sliceDataset(1).subarray(0, -100), {}],
    [
      'in another transfer syntax',
      'DICOM_UNREADABLE',
      0xc000,
      sliceDataset(1),
      { transferSyntax: TransferSyntax.ExplicitVRBigEndian },
    ],
    [
      'explicit where implicit was announced',
      'DICOM_UNREADABLE',
      0xc000,
      sliceDataset(1),
      { transferSyntax: TransferSyntax.ImplicitVRLittleEndian },
    ],
    [
      'no deflated stream',
      'DICOM_UNREADABLE',
      0xc000,
      sliceDataset(1),
      { transferSyntax: TransferSyntax.DeflatedExplicitVRLittleEndian },
    ],
    ['empty', 'DICOM_MISSING_ATTRIBUTE', 0xa900, Buffer.alloc(0), {}],
    ['without PatientID', 'DICOM_MISSING_ATTRIBUTE', 0xa900, sliceDataset(1, { PatientID: '' }), {}],
    ['without StudyInstanceUID', 'DICOM_MISSING_ATTRIBUTE', 0xa900, sliceDataset(1, { StudyInstanceUID: '' }), {}],
    [
      'with a UID that is a path',
      'DICOM_MISSING_ATTRIBUTE',
      0xa900,
      sliceDataset(1, { SeriesInstanceUID: '../../etc' }),
      {},
    ],
    ['CT under an MR class', 'DICOM_CLASS_MISMATCH', 0xa900, sliceDataset(1, { Modality: 'CT' }), {}],
    [
      'of another class than announced',
      'DICOM_CLASS_MISMATCH',
      0xa900,
      sliceDataset(1),
      { SOPClassUID: SOPClass.EnhancedMRImageStorage },
    ],
    ['of another UID than announced', 'DICOM_CLASS_MISMATCH', 0xa900, sliceDataset(2), {}],
  ])('(%s) is kept with its reason and refused', async (_, code, Status, dataset, announced) => {
    const answer = await send(dataset, ['1.2.3.1.1.1', announced]);
    expect(answer.Status).toBe(Status);
    // The encoder cuts it to the 64 characters of LO.
    expect(answer.ErrorComment).toMatch(new RegExp(`^${code}: .`));
    expect(quarantined()).toEqual([{ code, kept: true }]);
    expect([store.instances.count(), incoming()]).toEqual([0, []]);
  });

  it('fills neither disk nor table when it is repeated', async () => {
    for (let times = 0; times < 3; times++) await send(sliceDataset(1, { PatientID: '' }));
    expect(store.quarantine.list()).toMatchObject([{ times: 3, callingAETitle: 'MR1', SOPInstanceUID: '1.2.3.1.1.1' }]);
    expect(readdirSync(join(dataDir, 'quarantine'))).toHaveLength(1);
  });

  it('(other bytes under a known UID) leaves the first where it is', async () => {
    await send(sliceDataset(1));
    const { path } = store.instances.find('1.2.3.1.1.1')!;
    const first = readFileSync(join(dataDir, path));
    const answer = await send(sliceDataset(1, { SeriesDescription: 'another' }));
    expect(answer).toMatchObject({ Status: 0xb000 });
    expect(readFileSync(join(dataDir, path)).equals(first)).toBe(true);
    expect(quarantined()).toEqual([{ code: 'DUPLICATE_CONFLICT', kept: true }]);
  });

  it('leaves nothing if the sender gives up', async () => {
    const sink = await receiver.storeHandler(storeRequest('1.2.3.1.1.1'));
    await sink.write(sliceDataset(1).subarray(0, 500));
    await sink.abort('peer gone');
    expect([store.instances.count(), store.quarantine.count(), incoming()]).toEqual([0, 0, []]);
  });
});

describe('what a process leaves behind half-received', () => {
  it('is cleared away on the next start once that process is dead, and not before', () => {
    const { pid: dead } = spawnSync('true');
    const leftOver = (pid: number) => `${pid}.1.part`;
    for (const pid of [dead, process.pid, process.ppid]) writeFileSync(join(dataDir, 'incoming', leftOver(pid)), 'x');
    store.close();
    open(dataDir);
    expect(incoming()).toEqual([leftOver(process.ppid)]);
  });
});

describe('a file that is opened is closed', () => {
  const deflated = { transferSyntax: TransferSyntax.DeflatedExplicitVRLittleEndian };
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  it.each<[string, () => Promise<unknown>]>([
    ['stored', () => send(sliceDataset(1))],
    ['stored deflated', () => send(deflateRawSync(sliceDataset(1)), ['1.2.3.1.1.1', deflated])],
    ['no data set', () => send(Buffer.alloc(70_000, 0x47))],
    ['truncated', () => send(cut(sliceDataset(1)))],
    ['deflated, and does not inflate', () => send(Buffer.alloc(70_000, 0x47), ['1.2.3.1.1.1', deflated])],
    ['deflated, and inflates to no data set', () => send(deflateRawSync('hello'), ['1.2.3.1.1.1', deflated])],
    ['deflated, and cut', () => send(cut(deflateRawSync(sliceDataset(1))), ['1.2.3.1.1.1', deflated])],
    ['refused for what it is', () => send(sliceDataset(1, { PatientID: '' }))],
    [
      'given up by its sender',
      async () => {
        const sink = await receiver.storeHandler(storeRequest('1.2.3.1.1.1'));
        await sink.write(sliceDataset(1));
        await sink.abort('peer gone');
      },
    ],
    [
      'given up before its first byte',
      async () => (await receiver.storeHandler(storeRequest('1.2.3.1.1.1'))).abort('peer gone'),
    ],
  ])('(%s)', async (_, receive) => {
    for (let times = 0; times < 3; times++) await receive();
    await nothingOpen();
  });

  it('(any bytes, in any syntax), and Success means that they are here', async () => {
    const right = sliceDataset(1);
    const mutated = fc
      .array(fc.tuple(fc.nat(right.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((changes) => {
        const bytes = Buffer.from(right);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      })
      .chain((bytes) => fc.tuple(fc.constant(bytes), fc.nat(bytes.length)))
      .map(([bytes, length]) => (length % 3 === 0 ? bytes.subarray(0, length) : bytes));
    const deflated = fc.tuple(mutated, fc.boolean()).map(([bytes, cut]) => {
      const squeezed = deflateRawSync(bytes);
      return cut ? squeezed.subarray(0, squeezed.length / 2) : squeezed;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(mutated, deflated),
        fc.constantFrom(...Object.values(TransferSyntax).slice(0, 4)),
        async (bytes, transferSyntax) => {
          const { Status } = await send(bytes, ['1.2.3.1.1.1', { transferSyntax }]);
          const row = store.instances.find('1.2.3.1.1.1');
          if (Status !== 0) return;
          const file = readFileSync(join(dataDir, row!.path));
          expect(file.subarray(decodeFileMeta(file).datasetOffset).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
    await nothingOpen();
  });

  async function nothingOpen() {
    // A stream's file is closed in a later turn of the event loop.
    const open = () => ['incoming', 'quarantine', 'instances'].flatMap((name) => openDescriptors(join(dataDir, name)));
    for (let turns = 0; turns < 1000 && open().length > 0; turns++) await setImmediate();
    expect(open()).toEqual([]);
  }
});

describe('identity and time', () => {
  it('put the study whose birth date contradicts on hold, not the first', async () => {
    await send(sliceDataset(1));
    const other = { StudyInstanceUID: '1.2.3.2', SeriesInstanceUID: '1.2.3.2.1', PatientBirthDate: '19610102' };
    await send(sliceDataset(2, other), ['1.2.3.1.1.2']);
    expect(store.studies.held()).toMatchObject([{ StudyInstanceUID: '1.2.3.2' }]);
    expect(store.holds.open('1.2.3.2')).toMatchObject([
      { code: 'IDENTITY_CONTRADICTION', attribute: 'PatientBirthDate' },
    ]);
  });

  it('put a study without any date on hold', async () => {
    await send(sliceDataset(1, { StudyDate: '', StudyTime: '' }));
    const [{ StudyInstanceUID }] = store.studies.held();
    expect(store.holds.open(StudyInstanceUID)).toMatchObject([{ code: 'TIME_UNKNOWN', attribute: null }]);
  });
});

describe('a writer that fails', () => {
  const path = () => join(dataDir, 'instances/1.2.3.1/1.2.3.1.1/1.2.3.1.1.1.dcm');
  /** A second process on the same data folder; `index` is called in its commit. */
  const failing = (index: IndexInstance, isDestination = () => false) =>
    openReceiver({ store, dataDir, logger: silentLogger, index, isDestination });
  const refused = () => {
    throw new Error('not indexed');
  };
  const sendTo = async (to: Receiver) => {
    const sink = await to.storeHandler(storeRequest('1.2.3.1.1.1'));
    await sink.write(sliceDataset(1));
    return sink.finish();
  };

  it('removes its own file, of which no index knows', async () => {
    await expect(sendTo(failing(refused))).rejects.toThrow('not indexed');
    expect(existsSync(path())).toBe(false);
  });

  it('leaves a file alone that another has put in its place', async () => {
    const overtaken = failing(() => {
      rmSync(path());
      writeFileSync(path(), 'of another process');
      refused();
    });
    await expect(sendTo(overtaken)).rejects.toThrow('not indexed');
    expect(readFileSync(path(), 'utf8')).toBe('of another process');
  });

  it('leaves a file alone that another has told the index of', async () => {
    const other = openStore(join(dataDir, 'priora.sqlite'));
    // Between its look at the index and its commit, the other one stores the instance.
    const overtaken = failing(refused, () => {
      other.database.execute(`
        INSERT INTO patients (IssuerOfPatientID, PatientID) VALUES ('A', 'P');
        INSERT INTO studies (StudyInstanceUID, patientKey, receivedAt) VALUES ('1.2.3.1', 1, 1);
        INSERT INTO series (SeriesInstanceUID, studyKey, patientKey, Modality, SeriesDescription, callingAETitle, origin,
          firstInstanceAt, lastInstanceAt, state) VALUES ('1.2.3.1.1', 1, 1, 'MR', '', '', 'received', 1, 1, 'receiving');
        INSERT INTO instances (SOPInstanceUID, seriesKey, SOPClassUID, TransferSyntaxUID, path, bytes, sha256, receivedAt)
          VALUES ('1.2.3.1.1.1', 1, '1.2', '1.2', 'instances/1.2.3.1/1.2.3.1.1/1.2.3.1.1.1.dcm', 1, zeroblob(32), 1)`);
      return false;
    });
    await expect(sendTo(overtaken)).rejects.toThrow('not indexed');
    expect(existsSync(path())).toBe(true);
    other.close();
  });
});

describe('files', () => {
  it('go the same way as what the network brings', async () => {
    const path = join(dataDir, 'given.dcm');
    const meta = {
      MediaStorageSOPClassUID: SOPClass.MRImageStorage,
      MediaStorageSOPInstanceUID: '1.2.3.1.1.1',
      TransferSyntaxUID: TransferSyntax.ExplicitVRLittleEndian,
    };
    writeFileSync(path, Buffer.concat([encodeFileMeta(meta), sliceDataset(1)]));
    expect((await receiver.receiveFile(path)).outcome).toBe('stored');
    expect((await receiver.receiveFile(path)).outcome).toBe('duplicate');
    expect(await send(sliceDataset(1))).toEqual({ Status: 0 });
    writeFileSync(path, 'no DICOM at all');
    await expect(receiver.receiveFile(path)).rejects.toMatchObject({ code: 'DICOM_UNREADABLE' });
  });
});

describe('verify', () => {
  it('names what is missing, altered, or not in the index', async () => {
    for (const number of [1, 2, 3]) await send(sliceDataset(number), [`1.2.3.1.1.${number}`]);
    const folder = join(dataDir, 'instances/1.2.3.1/1.2.3.1.1');
    const file = readFileSync(join(folder, '1.2.3.1.1.2.dcm'));
    file[file.length - 5] ^= 1;
    writeFileSync(join(folder, '1.2.3.1.1.2.dcm'), file);
    execFileSync('mv', [join(folder, '1.2.3.1.1.3.dcm'), join(folder, 'stray.dcm')]);
    expect(await verifyStorage(store, dataDir)).toEqual({
      checked: 3,
      missing: [{ SOPInstanceUID: '1.2.3.1.1.3', path: 'instances/1.2.3.1/1.2.3.1.1/1.2.3.1.1.3.dcm' }],
      altered: [{ SOPInstanceUID: '1.2.3.1.1.2', path: 'instances/1.2.3.1/1.2.3.1.1/1.2.3.1.1.2.dcm' }],
      orphans: ['instances/1.2.3.1/1.2.3.1.1/stray.dcm'],
    });
  });
});

describe.skipIf(!hasSmallDisk())('a full disk', () => {
  let disk: string;
  beforeEach(() => {
    store.close();
    open((disk = smallDisk('1m')!));
  });
  afterEach(() => unmount(disk));

  const full = (error: unknown) => {
    expect(error).toBeInstanceOf(PrioraError);
    expect(error).toMatchObject({ code: 'STORAGE_FULL', dimseStatus: 0xa700 });
  };

  it('is reported to the sender as 0xA700, leaves nothing half-written, and the node continues', async () => {
    await send(sliceDataset(1));
    const large = sliceDataset(2, { PixelData: [new Uint16Array(1_000_000).buffer] });
    full(await send(large, ['1.2.3.1.1.2']).catch((thrown: unknown) => thrown));
    expect([store.instances.count(), incoming()]).toEqual([1, []]);
    expect(await send(sliceDataset(3), ['1.2.3.1.1.3'])).toEqual({ Status: 0 });
    expect(await verifyStorage(store, dataDir)).toMatchObject({ checked: 2, missing: [], altered: [], orphans: [] });
  });

  it('is reported the same way if it is the index that does not fit', async () => {
    await send(sliceDataset(1));
    // All but one page is taken: the slice fits, its commit does not.
    const free = Number(execFileSync('stat', ['-f', '-c', '%a', disk]).toString()) * 4096;
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(free - 4096));
    full(await send(sliceDataset(2), ['1.2.3.1.1.2']).catch((thrown: unknown) => thrown));
    rmSync(join(disk, 'ballast'));
    expect(await send(sliceDataset(2), ['1.2.3.1.1.2'])).toEqual({ Status: 0 });
    expect(await verifyStorage(store, dataDir)).toMatchObject({ checked: 2, missing: [], altered: [], orphans: [] });
  });
});
