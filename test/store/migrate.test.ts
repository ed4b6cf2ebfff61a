import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { holdTable } from '../../src/store/holds.js';
import { databaseVersion, migrate, shippedMigrations } from '../../src/store/migrate.js';
import { openStore, storeVersions } from '../../src/store/store.js';
import { temporaryFolder } from './temporary-store.js';

const path = () => join(temporaryFolder(), 'priora.sqlite');

describe('migrate', () => {
  it('brings a new database to the newest version, and then finds nothing to do', () => {
    const database = openDatabase(path());
    expect(databaseVersion(database)).toBe(0);
    expect(migrate(database, 1)).toEqual(shippedMigrations().map(({ name }) => name));
    expect(migrate(database, 2)).toEqual([]);
    database.close();
  });

  it('refuses a database written by a newer Priora', () => {
    const file = path();
    openStore(file).close();
    const database = openDatabase(file);
    const newest = shippedMigrations().at(-1)!.version;
    migrate(database, 1, [...shippedMigrations(), { version: newest + 1, name: 'later', sql: 'SELECT 1' }]);
    database.close();
    expect(() => openStore(file)).toThrow(expect.objectContaining({ code: 'DATABASE_TOO_NEW' }));
    expect(storeVersions(file)).toEqual({ found: newest + 1, newest });
  });

  it('leaves nothing of a migration that fails', () => {
    const database = openDatabase(path());
    const good = { version: 1, name: '000001-good.sql', sql: 'CREATE TABLE good (a INTEGER) STRICT;' };
    const bad = { version: 2, name: '000002-bad.sql', sql: 'CREATE TABLE half (a INTEGER) STRICT; NONSENSE;' };
    expect(() => migrate(database, 1, [good, bad])).toThrow(/NONSENSE/);
    expect(databaseVersion(database)).toBe(1);
    const tables = database.prepare<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    expect(tables.map(({ name }) => name).sort()).toEqual(['good', 'migrations']);
    database.close();
  });

  it('keeps the rejection notes of a database that called them KOS', () => {
    const database = openDatabase(path());
    const older = shippedMigrations().filter(({ name }) => name < '000003');
    migrate(database, 1, older);
    const key = "INSERT INTO patients (IssuerOfPatientID, PatientID) VALUES ('A', 'P')";
    const study = "INSERT INTO studies (StudyInstanceUID, patientKey, receivedAt) VALUES ('1.2', 1, 1)";
    const finished = `INSERT INTO cases (studyKey, status, fingerprint, result, createdAt)
      VALUES (1, 'reported', 'a', '{"objects":[{"kind":"KOS","SOPInstanceUID":"2.25.1"}]}', 1)`;
    const object = `INSERT INTO objects (SOPInstanceUID, SOPClassUID, SeriesInstanceUID, kind, caseKey, path, sha256, createdAt)
      VALUES ('2.25.1', '1.2', '2.25.2', 'KOS', 1, 'x', zeroblob(32), 1)`;
    for (const sql of [key, study, finished, object]) database.execute(sql);
    migrate(database, 2);
    expect(database.prepare('SELECT kind, path FROM objects').get()).toEqual({ kind: 'RejectionNote', path: 'x' });
    const { kind } = database
      .prepare<{ kind: string }>("SELECT json_extract(result, '$.objects[0].kind') AS kind FROM cases")
      .get()!;
    expect(kind).toBe('RejectionNote');
    database.close();
  });

  it('keeps why studies were on hold and released in the sentences of version 6', () => {
    const database = openDatabase(path());
    migrate(
      database,
      1,
      shippedMigrations().filter(({ version }) => version <= 6),
    );
    const missing = 'no date of acquisition, series or study';
    const studies = [
      "(1, '1.1', 1, 10, 'TIME_UNKNOWN', '" +
        missing +
        "; PatientName, PatientSex contradict what is known', NULL, NULL)",
      "(2, '1.2', 1, 20, NULL, NULL, 25, 'PatientBirthDate contradicts what is known')",
      // Held again for what was accepted together with more: it stays on hold.
      `(3, '1.3', 1, 30, 'IDENTITY_CONTRADICTION', 'PatientSex contradicts what is known', 35,
        'PatientName, PatientSex contradict what is known')`,
      // Released by a version that did not keep the reasons.
      "(4, '1.4', 1, 40, NULL, NULL, 45, '')",
      "(5, '1.5', 1, 50, NULL, NULL, 55, '')",
      "(6, '1.6', 1, 60, NULL, NULL, NULL, NULL)",
      "(7, '1.7', 1, 70, 'IDENTITY_CONTRADICTION', 'words of nobody', NULL, NULL)",
    ];
    for (const sql of [
      "INSERT INTO patients (IssuerOfPatientID, PatientID) VALUES ('A', 'P')",
      `INSERT INTO studies (studyKey, StudyInstanceUID, patientKey, receivedAt, heldCode, heldReason, releasedAt, acceptedReason)
       VALUES ${studies.join(', ')}`,
      `INSERT INTO series (SeriesInstanceUID, studyKey, patientKey, Modality, SeriesDescription, acquiredAt, acquiredAtSource,
         callingAETitle, origin, firstInstanceAt, lastInstanceAt, state)
       VALUES ('1.5.1', 5, 1, 'MR', '', 50, 'released', 'MR1', 'received', 50, 50, 'receiving')`,
    ])
      database.execute(sql);
    migrate(database, 2);
    const holds = holdTable(database);
    const kept = (StudyInstanceUID: string) =>
      holds
        .ofStudy(StudyInstanceUID)
        .map(({ code, attribute, heldAt, acceptedAt }) => [attribute ?? code, heldAt, acceptedAt]);
    expect(kept('1.1')).toEqual([
      ['PatientName', 10, null],
      ['PatientSex', 10, null],
      ['TIME_UNKNOWN', 10, null],
    ]);
    expect(kept('1.2')).toEqual([['PatientBirthDate', 20, 25]]);
    expect(kept('1.3')).toEqual([
      ['PatientName', 30, 35],
      ['PatientSex', 30, null],
    ]);
    expect(kept('1.4')).toEqual([['IDENTITY_CONTRADICTION', 40, 45]]);
    expect(kept('1.5')).toEqual([['TIME_UNKNOWN', 50, 55]]);
    expect(kept('1.6')).toEqual([]);
    expect(kept('1.7')).toEqual([['IDENTITY_CONTRADICTION', 70, null]]);
    expect(database.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 });
    database.close();
  });

  it('refuses a migration after which a row refers to nothing', () => {
    const database = openDatabase(path());
    migrate(database, 1);
    const bad = { version: 99, name: '000099-bad.sql', sql: "INSERT INTO studies VALUES (1, '1.2', 77, 1)" };
    expect(() => migrate(database, 1, [...shippedMigrations(), bad])).toThrow(/000099-bad.sql.*studies/);
    expect(database.prepare('SELECT count(*) AS n FROM studies').get()).toEqual({ n: 0 });
    database.close();
  });

  it('makes every table STRICT', () => {
    const file = path();
    openStore(file).close();
    const database = openDatabase(file);
    const loose = database
      .prepare<{ name: string }>("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0")
      .all();
    expect(loose.map(({ name }) => name).filter((name) => !name.startsWith('sqlite_'))).toEqual([]);
    database.close();
  });

  it('keeps commits durable: WAL and synchronous=FULL', () => {
    const database = openDatabase(path());
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(database.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 });
    database.close();
  });
});
