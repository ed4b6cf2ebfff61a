import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { requestAnalysis, enqueueDelivery } from '../../src/node/queue/case-jobs.js';
import { systemClock } from '../../src/core/clock.js';
import { parseConfig } from '../../src/core/config.js';
import { PrioraError } from '../../src/core/errors.js';
import { silentLogger } from '../../src/core/log.js';
import { openQueue } from '../../src/node/queue/queue.js';
import { openDatabase } from '../../src/store/database.js';
import { migrate, shippedMigrations, type Migration } from '../../src/store/migrate.js';
import { databasePath, openStore } from '../../src/store/store.js';
import { sliceDataset, storeRequest } from '../node/ingest/instance.js';
import { openIngest } from '../../src/node/ingest/ingest.js';
import { configuration, priora } from './priora.js';

const known = { study: '1.2.3.1', series: '1.2.3.1.1' };
const held = { study: '1.2.3.2', series: '1.2.3.2.1' };
let path: string;
let dataDir: string;
const run = (command: string, ...rest: string[]) => priora(command, ...rest, '--config', path);
const runJson = async (command: string, ...rest: string[]) =>
  JSON.parse((await run(command, ...rest, '--json')).stdout) as never;

/** Opens what the node would have open. */
const open = () => {
  const store = openStore(databasePath(dataDir));
  return { store, queue: openQueue(store) };
};

beforeAll(() => {
  ({ path, dataDir } = configuration({ time: { zone: 'utc' } }));
});

const looking = [['status'], ['verify'], ['explain', known.series], ['history', 'P1']];

describe('before there is a node', () => {
  test.each(looking)('%s says that there is no index, and makes none', async (...command) => {
    const { code, stderr, stdout } = await run(command[0], ...command.slice(1));
    expect(stderr).toContain(
      `priora: dataDir: there is no index ${databasePath(dataDir)}; \`priora serve\` creates one\nCONFIG_INVALID: Correct`,
    );
    expect([code, stdout, existsSync(dataDir)]).toEqual([2, '', false]);
  });

  test('migrate says that there is nothing to do yet', async () => {
    const { code, stdout } = await run('migrate');
    expect(stdout).toContain('does not exist yet');
    expect([code, existsSync(dataDir)]).toEqual([0, false]);
  });
});

/** A study, one of the same patient with another birth date, and a file that nobody could read. */
describe('a node’s data folder', () => {
  beforeAll(async () => {
    const { store, queue } = open();
    const config = parseConfig({ dataDir, time: { zone: 'utc' } });
    const { storeHandler } = openIngest({
      store,
      queue,
      config,
      destinations: [],
      clock: systemClock,
      logger: silentLogger,
    });
    const receive = async (SOPInstanceUID: string, dataset: Buffer) => {
      const sink = await storeHandler(storeRequest(SOPInstanceUID));
      await sink.write(dataset);
      return sink.finish();
    };
    for (const number of [1, 2]) await receive(`1.2.3.1.1.${number}`, sliceDataset(number));
    await receive(
      '1.2.3.2.1.1',
      sliceDataset(1, {
        SOPInstanceUID: '1.2.3.2.1.1',
        StudyInstanceUID: held.study,
        SeriesInstanceUID: held.series,
        StudyDate: '20260301',
        PatientBirthDate: '19610102',
      }),
    );
    await receive('1.2.3.1.1.9', sliceDataset(9).subarray(0, -100));
    store.close();
  });

  test('1: status shows the study on hold with its reason and what to do, and the quarantine', async () => {
    const status: Record<string, unknown> = await runJson('status');
    expect(status).toMatchObject({
      instances: 3,
      held: [
        {
          StudyInstanceUID: held.study,
          PatientID: 'P1',
          code: 'IDENTITY_CONTRADICTION',
          reason: 'PatientBirthDate contradicts what is known',
          action: 'Compare the patient data, then release the study with `priora release`.',
        },
      ],
      quarantine: [{ code: 'DICOM_UNREADABLE', SOPInstanceUID: '1.2.3.1.1.9', callingAETitle: 'MR1', times: 1 }],
    });
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `study ${held.study}: PatientBirthDate contradicts what is known. Compare the patient data`,
    );
    expect(stdout).toContain('DICOM_UNREADABLE');
    // Neither the old nor the new birth date, nor the name.
    expect(stdout + JSON.stringify(status)).not.toMatch(/1960|1961|Doe/);
  });

  test('2: explain says what is known about a series and its prior', async () => {
    expect(await runJson('explain', held.series)).toMatchObject({
      SeriesInstanceUID: held.series,
      PatientID: 'P1',
      state: 'receiving',
      acquiredAt: '2026-03-01T10:11:12.000Z',
      acquiredAtSource: 'StudyDate',
      instances: 1,
      holds: [{ code: 'IDENTITY_CONTRADICTION', attribute: 'PatientBirthDate', acceptedAt: null }],
      otherStudies: [{ StudyInstanceUID: known.study }],
      case: null,
    });
    const { code, stdout } = await run('explain', held.series);
    expect(code).toBe(0);
    expect(stdout).toContain('on hold: PatientBirthDate contradicts what is known');
    expect(stdout).toContain('selection: not decided yet');
    expect(stdout).toContain(`  ${known.study}: not chosen, none of its series was selected and assembled`);
    const unknown = await run('explain', '1.2.3');
    expect(unknown.stderr).toContain('no image of series 1.2.3 is in the index\nNOT_IN_INDEX: Check the UID');
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
  });

  test('3: release lets it continue and queues it, once', async () => {
    const { code, stdout } = await run('release', held.study, '--by', 'Dr Roe', '--comment', 'dates compared');
    expect([code, stdout]).toEqual([0, `study ${held.study} released\n`]);
    const { store, queue } = open();
    expect(store.studies.held()).toEqual([]);
    expect(store.holds.ofStudy(held.study)).toMatchObject([{ acceptedBy: 'Dr Roe', comment: 'dates compared' }]);
    expect(queue.find(`analyse:${held.study}`)).toMatchObject({
      state: 'queued',
      payload: { StudyInstanceUID: held.study },
    });
    store.close();
    expect((await run('release', held.study)).code).toBe(3);
    expect((await run('release', '1.2.3.99')).code).toBe(3);
  });

  test('4: retry queues failed work, all of it or one job, and says if there is none', async () => {
    expect((await run('retry')).code).toBe(3);
    const { store, queue } = open();
    requestAnalysis({ store, queue }, store.series.find(known.series)!.StudyInstanceUID);
    enqueueDelivery(queue, 'pacs', { caseKey: 1, StudyInstanceUID: '1.2.3' });
    queue.fail(queue.claim(['deliver'])!, new PrioraError('DESTINATION_UNREACHABLE', 'nobody answers'));
    expect(await runJson('status')).toMatchObject({
      retrying: [{ key: 'deliver:pacs:1', code: 'DESTINATION_UNREACHABLE', error: 'nobody answers', attempts: 1 }],
    });
    expect((await run('status')).stdout).toMatch(
      /Retrying \(1\)\n {2}deliver:pacs:1: nobody answers \(1 attempt\), next at 20/,
    );
    queue.cancel('deliver:pacs:1');
    queue.retry('deliver:pacs:1');
    for (let job = queue.claim(['analyse', 'deliver']); job; job = queue.claim(['analyse', 'deliver']))
      queue.fail(job, new PrioraError('MODEL_INVALID', 'the model is gone'));
    const failed: { failedJobs: { key: string }[] } = await runJson('status');
    expect(failed.failedJobs.map(({ key }) => key).sort()).toEqual(
      [`analyse:${known.study}`, `analyse:${held.study}`, 'deliver:pacs:1'].sort(),
    );
    expect(failed.failedJobs[0]).toMatchObject({ code: 'MODEL_INVALID', error: 'the model is gone', attempts: 1 });
    const one = await run('retry', 'deliver:pacs:1');
    expect([one.code, one.stdout]).toEqual([0, '1 job queued again\n']);
    expect(queue.list({ state: 'failed' })).toHaveLength(2);
    expect((await run('retry')).stdout).toBe('2 jobs queued again\n');
    expect(queue.list({ state: 'failed' })).toHaveLength(0);
    store.close();
  });

  test('5: verify reads every byte, and exits with 1 if a file is altered, missing or not in the index', async () => {
    const whole = await run('verify');
    expect([whole.code, whole.stdout]).toEqual([0, '4 files checked: 0 missing, 0 altered, 0 orphan files\n']);
    const [changed, lost] = [1, 2].map((number) => `instances/1.2.3.1/1.2.3.1.1/1.2.3.1.1.${number}.dcm`);
    const bytes = readFileSync(join(dataDir, changed));
    writeFileSync(join(dataDir, changed), Buffer.from(bytes).fill(~bytes[bytes.length - 1], bytes.length - 1));
    const one = await run('verify');
    expect(one.code).toBe(1);
    expect(one.stdout).toContain(`1 altered, 0 orphan files\naltered ${changed}\n`);
    writeFileSync(join(dataDir, changed), bytes);
    writeFileSync(join(dataDir, 'instances/stray.dcm'), 'nobody sent this');
    expect(await runJson('verify')).toMatchObject({ missing: [], altered: [], orphans: ['instances/stray.dcm'] });
    expect((await run('verify')).code).toBe(1);
    rmSync(join(dataDir, 'instances/stray.dcm'));
    rmSync(join(dataDir, lost));
    const { code, stdout } = await run('verify');
    expect(code).toBe(1);
    expect(stdout).toContain(`missing ${lost}`);
    expect(await runJson('verify')).toMatchObject({ checked: 4, missing: [{ path: lost }], altered: [], orphans: [] });
  });
});

describe('a database of another version', () => {
  const databaseOf = (migrations: Migration[]) => {
    const { path: config, dataDir: folder } = configuration();
    const database = openDatabase(databasePath(folder));
    migrate(database, 0, migrations);
    database.close();
    return { config, file: databasePath(folder) };
  };

  test.each([...looking, ['migrate'], ['serve']])(
    'a newer one is left alone by %s, which says which Priora to start',
    async (...command) => {
      const tomorrow = { version: 999999, name: 'from tomorrow', sql: 'SELECT 1' };
      const { config } = databaseOf([...shippedMigrations(), tomorrow]);
      const { code, stderr } = await priora(...command, '--config', config);
      expect(stderr).toContain('DATABASE_TOO_NEW: This database was written by a newer Priora. Start that version.');
      expect(code).toBe(1);
    },
  );

  test.each(looking)('an older one is left alone by %s, which says how to migrate it', async (...command) => {
    const { config, file } = databaseOf(shippedMigrations().slice(0, -1));
    const before = readFileSync(file);
    const { code, stdout, stderr } = await priora(...command, '--config', config);
    expect(stderr).toContain('DATABASE_TOO_OLD: This database was written by an older Priora. Use that version, or');
    expect(stderr).toContain('run `priora migrate`');
    expect([code, stdout, readFileSync(file).equals(before)]).toEqual([1, '', true]);
    expect(readdirSync(dirname(file))).toEqual(['priora.sqlite']);
    expect((await priora('migrate', '--config', config)).stdout).toMatch(/version \d+ → \d+\n/);
    expect((await priora('status', '--config', config)).code).toBe(0);
  });
});

test('a file that is not a database is named, with what to do', async () => {
  const damaged = configuration();
  mkdirSync(damaged.dataDir);
  writeFileSync(databasePath(damaged.dataDir), 'no database');
  const { code, stderr } = await priora('status', '--config', damaged.path);
  expect(stderr).toContain('DATABASE_DAMAGED: The database file is damaged or is not an SQLite database. Restore it');
  expect([code, readFileSync(databasePath(damaged.dataDir), 'utf8')]).toEqual([1, 'no database']);
});
