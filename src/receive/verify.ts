import { createHash } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readFileMeta } from '../dicom/part10.js';
import type { Store } from '../store/store.js';
import { dataFolders } from './data-folders.js';

export interface StorageReport {
  /** Instances and results in the index. */
  readonly checked: number;
  /** Indexed, but not on disk. */
  readonly missing: { SOPInstanceUID: string; path: string }[];
  /** On disk with other bytes than were received, or written. */
  readonly altered: { SOPInstanceUID: string; path: string }[];
  /** On disk, but in no index; paths relative to the data folder. */
  readonly orphans: string[];
}

/** Rows read from the index at a time. */
const pageSize = 1000;

type Checked = { SOPInstanceUID: string; path: string; sha256: Uint8Array };

/** Compares the index with the disk, reading every byte (`priora verify`). Repairs nothing. */
export async function verifyStorage(store: Store, dataDir: string, signal?: AbortSignal): Promise<StorageReport> {
  const report = { checked: 0, missing: [], altered: [], orphans: [] } as {
    -readonly [Key in keyof StorageReport]: StorageReport[Key];
  };
  const check = async ({ SOPInstanceUID, path, sha256 }: Checked, digest: typeof fileDigest) => {
    signal?.throwIfAborted();
    report.checked++;
    const found = await digest(join(dataDir, path));
    if (found === undefined) report.missing.push({ SOPInstanceUID, path });
    else if (!found.equals(sha256)) report.altered.push({ SOPInstanceUID, path });
  };
  for (let after = 0, page; (page = store.instances.page(after, pageSize)).length > 0; after = page.at(-1)!.instanceKey)
    for (const instance of page) await check(instance, datasetDigest);
  for (
    let after = '', page;
    (page = store.objects.page(after, pageSize)).length > 0;
    after = page.at(-1)!.SOPInstanceUID
  )
    for (const object of page) await check(object, fileDigest);
  for (const entry of await filesBelow(join(dataDir, dataFolders.instances))) {
    if (!entry.isFile()) continue;
    const path = relative(dataDir, join(entry.parentPath, entry.name));
    if (store.instances.find(entry.name.replace(/\.dcm$/, ''))?.path !== path) report.orphans.push(path);
  }
  report.orphans.sort();
  return report;
}

/** Everything below a folder; nothing where it does not exist: no node has run there yet. */
async function filesBelow(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** SHA-256 of a received file's data set; of nothing when it is no DICOM file any more; undefined when there is no file. */
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
