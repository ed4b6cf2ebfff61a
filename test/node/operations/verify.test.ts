import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaseFolder } from '../../../src/analysis/case/case-folder.js';
import { systemClock } from '../../../src/core/clock.js';
import { parseConfig } from '../../../src/core/config.js';
import { silentLogger } from '../../../src/core/log.js';
import { openQueue } from '../../../src/node/queue/queue.js';
import { verifyStorage } from '../../../src/node/operations/verify.js';
import type { CaseStatus } from '../../../src/store/store.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { identityAffine } from '../../../src/imaging/affine.js';
import type { Grid } from '../../../src/imaging/volume.js';
import { caseResult } from '../../store/case-result.js';
import { sliceDataset, storeRequest } from '../ingest/instance.js';
import { openIngest } from '../../../src/node/ingest/ingest.js';

let dataDir: string;
let store: Store;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'priora-verify-'));
  store = openStore(join(dataDir, 'priora.sqlite'));
});
afterEach(() => store.close());

const put = (path: string, text = 'nobody’s') => {
  mkdirSync(dirname(join(dataDir, path)), { recursive: true });
  writeFileSync(join(dataDir, path), text);
};
const clean = { missing: [], altered: [], orphans: [] };

/** Receives data sets, each under a UID of its own. */
async function receive(...datasets: Buffer[]) {
  const config = parseConfig({ dataDir });
  const { storeHandler } = openIngest({
    store,
    queue: openQueue(store),
    config,
    destinations: [],
    clock: systemClock,
    logger: silentLogger,
  });
  for (const [index, dataset] of datasets.entries()) {
    const sink = await storeHandler(storeRequest(`1.2.3.1.1.${index + 1}`));
    await sink.write(dataset);
    await sink.finish();
  }
}

describe('verify reads the quarantine', () => {
  const unreadable = (number: number) => sliceDataset(number).subarray(0, -100);

  it('and finds what was received there', async () => {
    await receive(unreadable(1), unreadable(2), Buffer.from('no data set'), Buffer.alloc(0));
    expect(await verifyStorage(store, dataDir)).toEqual({ checked: 4, ...clean });
  });

  it('and names what is missing, altered, or not in the index', async () => {
    await receive(unreadable(1), unreadable(2), unreadable(3));
    const [altered, missing] = store.quarantine
      .list()
      .map(({ path, SOPInstanceUID }) => ({ path, SOPInstanceUID }))
      .sort((a, b) => (a.SOPInstanceUID! < b.SOPInstanceUID! ? -1 : 1));
    const bytes = readFileSync(join(dataDir, altered.path));
    bytes[bytes.length - 5] ^= 1;
    writeFileSync(join(dataDir, altered.path), bytes);
    rmSync(join(dataDir, missing.path));
    put('quarantine/stray.dcm');
    const report = await verifyStorage(store, dataDir);
    expect(report).toEqual({ checked: 3, missing: [missing], altered: [altered], orphans: ['quarantine/stray.dcm'] });
  });

  it('and counts bytes once that are there for two reasons', async () => {
    await receive(unreadable(1));
    store.quarantine.note({ ...store.quarantine.list()[0], code: 'DUPLICATE_CONFLICT', at: 1 });
    expect(await verifyStorage(store, dataDir)).toEqual({ checked: 1, ...clean });
  });

  it('and does not take a file for an orphan that a running node lists a moment later', async () => {
    await receive(unreadable(1));
    const [row] = store.quarantine.list();
    store.database.execute('DELETE FROM quarantine');
    const page: typeof store.instances.page = (after, limit) => {
      store.quarantine.note({ ...row, at: 1 });
      return store.instances.page(after, limit);
    };
    const beside = { ...store, instances: { ...store.instances, page } };
    expect(await verifyStorage(beside, dataDir)).toEqual({ checked: 1, ...clean });
  });
});

describe('verify reads the cases', () => {
  /** A case with the files that the pipeline writes, and ended so. */
  function addCase(status: Exclude<CaseStatus, 'pending'>): string {
    const { patientKey } = store.patients.remember({
      IssuerOfPatientID: '',
      PatientID: 'P1',
      PatientName: '',
      PatientBirthDate: '',
      PatientSex: '',
    });
    const StudyInstanceUID = '1.2.3';
    store.studies.remember({ StudyInstanceUID, patientKey, receivedAt: 1 });
    const input = { StudyInstanceUID, SeriesInstanceUID: null, priorCaseKey: null, priorSeriesInstanceUID: null };
    const { caseKey } = store.cases.open({ ...input, fingerprint: status }, 1).case;
    const folder = new CaseFolder(dataDir, caseKey);
    const grid: Grid = { shape: [1, 1, 1], patientFromVoxel: identityAffine };
    folder.writeLabels({ ...grid, voxels: new Uint16Array(1) });
    folder.writeProbabilities({ ...grid, voxels: new Uint8Array(1) });
    const bytes = Buffer.from(`object of ${caseKey}`);
    const object = { kind: 'SEG', SOPInstanceUID: `2.25.${caseKey}`, path: folder.write('seg.dcm', bytes) } as const;
    const sha256 = createHash('sha256').update(bytes).digest();
    const result = caseResult({ picture: folder.write('picture.png', Buffer.from('picture')), objects: [object] });
    store.cases.start(caseKey);
    if (status === 'running') return folder.relativePath;
    store.cases.finish(
      caseKey,
      status === 'reported' ? { status, result, lesions: [] } : { status, code: 'INTERNAL', reason: 'x' },
      1,
    );
    if (status === 'reported')
      store.objects.insert({
        ...object,
        SOPClassUID: '1.2',
        SeriesInstanceUID: '1.2.4',
        caseKey,
        sha256,
        predecessorSOPInstanceUID: null,
        createdAt: 1,
      });
    return folder.relativePath;
  }

  it('and finds their files', async () => {
    addCase('reported');
    expect(await verifyStorage(store, dataDir)).toEqual({ checked: 1, ...clean });
  });

  it('and names files that their case does not list, and folders without a case', async () => {
    const folder = addCase('reported');
    const strays = [`${folder}/sr.dcm`, `${folder}/seg.dcm.1.tmp`, `${folder}/old/labels.nii.gz`, 'cases/stray'];
    strays.forEach((path) => put(path));
    put('cases/99/seg.dcm');
    put(`cases/0${folder.split('/')[1]}/picture.png`);
    mkdirSync(join(dataDir, 'cases/98'));
    const { orphans } = await verifyStorage(store, dataDir);
    expect(orphans).toEqual([...strays, 'cases/98', 'cases/99', `cases/0${folder.split('/')[1]}`].sort());
  });

  it('and leaves alone what is being written, or will be again', async () => {
    for (const status of ['running', 'failed'] as const) put(`${addCase(status)}/sr.dcm.1.tmp`);
    expect(await verifyStorage(store, dataDir)).toEqual({ checked: 0, ...clean });
  });
});
