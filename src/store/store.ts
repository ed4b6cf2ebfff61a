import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../core/clock.js';
import { PrioraError } from '../core/errors.js';
import { caseTable, type CaseTable } from './cases.js';
import { openDatabaseToRead } from './database-to-read.js';
import { openDatabase, type Database } from './database.js';
import { deliveryTable, type DeliveryTable } from './deliveries.js';
import { holdTable, type HoldTable } from './holds.js';
import { instanceTable, type InstanceTable } from './instances.js';
import { lesionTable, type LesionTable } from './lesions.js';
import { databaseVersion, migrate, newestVersion, requireNewestVersion } from './migrate.js';
import { objectTable, type ObjectTable } from './objects.js';
import { patientTable, type PatientTable } from './patients.js';
import { quarantineTable, type QuarantineTable } from './quarantine.js';
import { reviewTable, type ReviewTable } from './reviews.js';
import { seriesTable, type SeriesTable } from './series.js';
import { studyTable, type StudyTable } from './studies.js';

export { lockDataFolder } from './data-folder-lock.js';
export type { CaseRow, CaseStatus, ReportedCaseRow } from './cases.js';
export type { DeliveryRow } from './deliveries.js';
export type { InstanceRow } from './instances.js';
export type { LesionRow } from './lesions.js';
export type { ObjectRow } from './objects.js';
export type { PatientRow } from './patients.js';
export type { ReviewRow } from './reviews.js';
export type { SeriesOrigin, SeriesRow, SeriesState } from './series.js';
export type { StudyRow } from './studies.js';

/**
 * The longitudinal index, the cases and their results: one file per table, each with its rows. Rows are plain, joined
 * with the UIDs of what they belong to; times are ms since the epoch, UTC; null means "not known"; data elements keep
 * their DICOM keyword. Several processes may open the same file: the node writes what arrives, a worker writes results,
 * the command line reads. All calls are synchronous and short.
 */
export interface Store {
  readonly patients: PatientTable;
  readonly studies: StudyTable;
  readonly holds: HoldTable;
  readonly series: SeriesTable;
  readonly instances: InstanceTable;
  readonly quarantine: QuarantineTable;
  readonly cases: CaseTable;
  readonly lesions: LesionTable;
  readonly reviews: ReviewTable;
  readonly objects: ObjectTable;
  readonly deliveries: DeliveryTable;
  /** For the queue, which lives in the same file so that a result and the next job are one commit. */
  readonly database: Database;
  /** Runs `work` in one durable transaction (joins one that is already running). */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** The database file of a data folder. */
export const databasePath = (dataDir: string): string => join(dataDir, 'priora.sqlite');

/**
 * Opens the database, created and migrated as needed.
 *
 * @param path file; `:memory:` for a throw-away one.
 * @throws PrioraError DATABASE_TOO_NEW, STORAGE_FAILED
 */
export function openStore(path: string, options: { clock?: Clock } = {}): Store {
  return storeOn(openDatabase(path), (database) => migrate(database, (options.clock ?? systemClock).now()));
}

/**
 * Opens the database for reading: neither the file nor its folder is changed, and whatever would write throws.
 *
 * @throws PrioraError CONFIG_INVALID if there is none, DATABASE_TOO_NEW, DATABASE_TOO_OLD, STORAGE_FAILED
 */
export function openStoreToRead(path: string): Store {
  if (!existsSync(path))
    throw new PrioraError('CONFIG_INVALID', `dataDir: there is no index ${path}; \`priora serve\` creates one`);
  return storeOn(openDatabaseToRead(path), requireNewestVersion);
}

/** The tables of a database, once `prepare` has made sure that it has them. */
function storeOn(database: Database, prepare: (database: Database) => void): Store {
  try {
    prepare(database);
    const lesions = lesionTable(database);
    return {
      patients: patientTable(database),
      studies: studyTable(database),
      holds: holdTable(database),
      series: seriesTable(database),
      instances: instanceTable(database),
      quarantine: quarantineTable(database),
      cases: caseTable(database, lesions),
      lesions,
      reviews: reviewTable(database),
      objects: objectTable(database),
      deliveries: deliveryTable(database),
      database,
      transaction: (work) => database.transaction(work),
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What `priora migrate` shows: the version of a database file and the one to which this Priora upgrades it. */
export function storeVersions(path: string): { found: number; newest: number } {
  const database = openDatabaseToRead(path);
  try {
    return { found: databaseVersion(database), newest: newestVersion() };
  } finally {
    database.close();
  }
}
