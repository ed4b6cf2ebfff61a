import { createHash } from 'node:crypto';
import { createReadStream, existsSync, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { readFileMeta } from '../../dicom/part10.js';
import type { CaseResult } from '../../model/case-result.js';
import type { Store } from '../../store/store.js';
import { dataFolders } from '../ingest/data-folders.js';

export interface StorageReport {
  /** Instances, results and quarantined files in the index. */
  readonly checked: number;
  /** Indexed, but not on disk. */
  readonly missing: ListedFile[];
  /** On disk with other bytes than were received, or written. */
  readonly altered: ListedFile[];
  /**
   * On disk, but not in the index: files, and folders below `cases/` without a case. Whatever lies in the folder of a
   * case that is not reported is left out: it is being written, or will be again.
   */
  readonly orphans: string[];
}

/** A file that the index lists; its path is relative to the data folder. */
interface ListedFile {
  /** Null if a quarantined file was announced without one. */
  readonly SOPInstanceUID: string | null;
  readonly path: string;
}

/** Rows read from the index at a time. */
const pageSize = 1000;
const casesFolder = 'cases';

/** Compares the index with the disk, reading every byte (`priora verify`). Repairs nothing. */
export async function verifyStorage(store: Store, dataDir: string, signal?: AbortSignal): Promise<StorageReport> {
  const report: StorageReport & { checked: number } = { checked: 0, missing: [], altered: [], orphans: [] };
  const check = async (
    { SOPInstanceUID, path, sha256 }: ListedFile & { sha256: Uint8Array },
    digest: typeof fileDigest,
  ) => {
    signal?.throwIfAborted();
    report.checked++;
    const found = await digest(join(dataDir, path));
    if (found === undefined) report.missing.push({ SOPInstanceUID, path });
    else if (!found.equals(sha256)) report.altered.push({ SOPInstanceUID, path });
  };
  const unlisted = await unlistedFiles(store, dataDir);
  for (let after = 0, page; (page = store.instances.page(after, pageSize)).length > 0; after = page.at(-1)!.instanceKey)
    for (const instance of page) await check(instance, datasetDigest);
  for (
    let after = '', page;
    (page = store.objects.page(after, pageSize)).length > 0;
    after = page.at(-1)!.SOPInstanceUID
  )
    for (const object of page) await check(object, fileDigest);
  for (const file of quarantined(store).values()) await check(file, datasetDigest);
  // A running node lists a file after writing it: by now it has listed it, or has removed it again.
  const listed = listedIn(store);
  report.orphans.push(...unlisted.filter((path) => !listed(path) && existsSync(join(dataDir, path))).sort());
  return report;
}

/** Quarantined files by path: the same bytes may be there for several reasons. */
const quarantined = ({ quarantine }: Store) =>
  new Map(quarantine.list(quarantine.count()).map((row) => [row.path, row]));

/** Files, and folders without a case, that are on disk and not in the index; paths relative to the data folder. */
async function unlistedFiles(store: Store, dataDir: string): Promise<string[]> {
  const listed = listedIn(store);
  const unlisted: string[] = [];
  const look = (path: string) => {
    if (!listed(path)) unlisted.push(path);
  };
  for (const folder of [dataFolders.instances, dataFolders.quarantine])
    for await (const path of filesBelow(dataDir, folder)) look(path);
  for (const entry of await entries(join(dataDir, casesFolder))) {
    const path = join(casesFolder, entry.name);
    if (entry.isDirectory() && caseNamed(store, entry.name))
      for await (const file of filesBelow(dataDir, path)) look(file);
    else look(path);
  }
  return unlisted;
}

/** Tells whether the index, as it is now, knows a path below the data folder. */
function listedIn(store: Store): (path: string) => boolean {
  const kept = quarantined(store);
  return (path) => {
    const [folder, name] = path.split(sep);
    if (folder === dataFolders.instances) return store.instances.find(basename(path, '.dcm'))?.path === path;
    if (folder === dataFolders.quarantine) return kept.has(path);
    const found = caseNamed(store, name);
    if (found?.status !== 'reported') return found !== undefined;
    return caseFiles(join(folder, name), found.result).includes(path);
  };
}

/** The case whose folder has this name. */
const caseNamed = ({ cases }: Store, name: string) => (/^[1-9]\d*$/.test(name) ? cases.find(Number(name)) : undefined);

/**
 * The files of a reported case: those its row lists, and those that later time points read, which have the same names
 * in every case.
 */
const caseFiles = (folder: string, { picture, objects }: CaseResult): string[] => [
  picture,
  ...objects.map(({ path }) => path),
  ...['labels.nii.gz', 'probabilities.nii.gz'].map((name) => join(folder, name)),
];

async function* filesBelow(dataDir: string, folder: string): AsyncGenerator<string> {
  for (const entry of await entries(join(dataDir, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(dataDir, path);
    else if (entry.isFile()) yield path;
  }
}

/** The contents of a folder; none if it does not exist: no node has run there yet, or nothing has arrived. */
async function entries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * SHA-256 of a received file's data set; that of nothing if it is no longer a DICOM file; undefined if there is no
 * file.
 */
const datasetDigest = (path: string) => fileDigest(path, async () => (await readFileMeta(path)).datasetOffset);

/** SHA-256 of a file from an offset on. */
async function fileDigest(
  path: string,
  offset: () => Promise<number> = () => Promise.resolve(0),
): Promise<Buffer | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { start: await offset() })) hash.update(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  }
  return hash.digest();
}
