import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
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
