import { readdirSync, readFileSync } from 'node:fs';
import { PrioraError } from '../core/errors.js';
import type { Database } from './database.js';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const shippedFolder = new URL('../../migrations/', import.meta.url);

/** The numbered files of `migrations/`, in order. */
export function shippedMigrations(folder: URL = shippedFolder): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{6}-.+\.sql$/.test(name))
    .sort()
    .map((name) => ({
      version: Number(name.slice(0, 6)),
      name,
      sql: readFileSync(new URL(name, folder), 'utf8'),
    }));
}

/** The version of a database: that of the last migration applied, 0 if none was. */
export function databaseVersion(database: Database): number {
  const known = database
    .prepare<{ n: number }>("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'migrations'")
    .get()!.n;
  if (known === 0) return 0;
  return database.prepare<{ version: number }>('SELECT coalesce(max(version), 0) AS version FROM migrations').get()!
    .version;
}

/** The version to which the migrations lead. */
export const newestVersion = (migrations: readonly Migration[] = shippedMigrations()): number =>
  migrations.at(-1)?.version ?? 0;

/**
 * Accepts only a database of this Priora's version.
 *
 * @throws PrioraError DATABASE_TOO_NEW, DATABASE_TOO_OLD
 */
export function requireNewestVersion(database: Database): void {
  const newest = newestVersion();
  const found = databaseVersion(database);
  if (found > newest) throw tooNew(found, newest);
  if (found < newest)
    throw new PrioraError('DATABASE_TOO_OLD', `the database has version ${found}, but this Priora reads ${newest}`);
}

const tooNew = (found: number, newest: number) =>
  new PrioraError('DATABASE_TOO_NEW', `the database has version ${found}, but this Priora knows ${newest}`);

/**
 * Migrates the database to the newest version, forward only. Each migration is one transaction that inserts its version
 * row first: of two processes that start together, the second waits for that row and then finds nothing to do. Foreign
 * keys are checked after a migration has run, not while it runs.
 *
 * @returns the names of the migrations applied now.
 * @throws PrioraError DATABASE_TOO_NEW if the database was written by a newer Priora.
 */
export function migrate(database: Database, now: number, migrations: Migration[] = shippedMigrations()): string[] {
  const newest = newestVersion(migrations);
  const found = databaseVersion(database);
  if (found > newest) throw tooNew(found, newest);
  if (found === newest) return [];
  database.execute(
    'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, appliedAt INTEGER NOT NULL) STRICT',
  );
  const insertVersion = database.prepare(
    'INSERT INTO migrations (version, name, appliedAt) VALUES (:version, :name, :now) ON CONFLICT DO NOTHING',
  );
  const applied: string[] = [];
  // A table is rebuilt by dropping the old one, which foreign keys would refuse
  // (https://sqlite.org/lang_altertable.html#otheralter).
  database.execute('PRAGMA foreign_keys = OFF');
  try {
    for (const { version, name, sql } of migrations)
      database.transaction(() => {
        if (insertVersion.run({ version, name, now }).changes === 0) return;
        database.execute(sql);
        const [broken] = database.prepare<{ table: string }>('PRAGMA foreign_key_check').all();
        if (broken) throw new PrioraError('INTERNAL', `${name} leaves rows of ${broken.table} that refer to nothing`);
        applied.push(name);
      });
  } finally {
    database.execute('PRAGMA foreign_keys = ON');
  }
  return applied;
}
