import { createReadStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import type { Clock } from '../../core/clock.js';
import { asPrioraError, PrioraError } from '../../core/errors.js';
import { ElementScanner } from '../../dicom/element-scanner.js';
import { elementEncoding } from '../../dicom/encoding.js';
import { headerTags, instanceHeader, type InstanceHeader } from '../../dicom/instance-header.js';
import { reviewClasses, TransferSyntax } from '../../dicom/uid.js';
import type { InstanceRow, SeriesOrigin } from '../../store/store.js';
import { asStorageError } from '../../core/storage-error.js';
import type { Store } from '../../store/store.js';
import { admissionError, type Announced } from './admission.js';
import { syncFolder } from '../../core/folder.js';
import { dataFolders, type DurableFolders } from './data-folders.js';
import type { GroupCommit } from './group-commit.js';
import { geometryColumns } from './slice-geometry.js';
import { TemporaryFile } from './temporary-file.js';

/** What became of one instance. */
export type Reception =
  | { readonly outcome: 'stored'; readonly instance: InstanceRow }
  /** The same bytes were already stored: nothing changed. */
  | { readonly outcome: 'duplicate'; readonly instance: InstanceRow }
  /** Kept, and listed in the quarantine. */
  | { readonly outcome: 'quarantined'; readonly error: PrioraError };

/** Puts an instance into the index; called inside the transaction that makes it durable. */
export type IndexInstance = (
  header: InstanceHeader,
  instance: InstanceRow,
  source: { readonly callingAETitle: string; readonly origin: SeriesOrigin },
) => void;

export interface Source {
  readonly announced: Announced;
  readonly TransferSyntaxUID: string;
  /** Empty for a file. */
  readonly callingAETitle: string;
}

export interface IntakeContext {
  readonly store: Store;
  readonly dataDir: string;
  readonly index: IndexInstance;
  readonly isDestination?: (aeTitle: string) => boolean;
  readonly clock: Clock;
  readonly commits: GroupCommit;
  readonly folders: DurableFolders;
  /** SOPInstanceUIDs on their way to the index: a second arrival waits for the first. */
  readonly inFlight: Map<string, Promise<unknown>>;
  readonly temporaryPath: string;
  readonly head: Buffer;
}

/** A deflated header that inflates to more than this is an attack, not an image. */
const maxInflatedBytes = 4 * 2 ** 30;

/**
 * One instance from its first byte to its index row. The order is the promise behind a C-STORE Success: file sync →
 * rename → folder sync → commit → answer.
 */
export class InstanceIntake {
  readonly #source: Source;
  readonly #context: IntakeContext;
  readonly #file: TemporaryFile;
  readonly #scanner: ElementScanner;
  readonly #deflated: boolean;
  #unreadable: PrioraError | undefined;

  constructor(source: Source, context: IntakeContext) {
    this.#source = source;
    this.#context = context;
    this.#deflated = source.TransferSyntaxUID === TransferSyntax.DeflatedExplicitVRLittleEndian;
    this.#scanner = new ElementScanner(elementEncoding(source.TransferSyntaxUID), headerTags);
    this.#file = new TemporaryFile(context.temporaryPath, context.head);
  }

  /**
   * A returned promise asks the caller to wait before writing more.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  write(chunk: Buffer): void | Promise<void> {
    if (!this.#deflated) this.#scan(chunk);
    return this.#file.write(chunk);
  }

  /** Call if the data set will not be completed: nothing of it is kept. */
  discard(): Promise<void> {
    return this.#file.discard();
  }

  /**
   * Stores, recognises or quarantines the instance; when this resolves, the outcome is durable.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED; nothing of the instance is then kept.
   */
  async finish(): Promise<Reception> {
    // The disk syncs while the header is read.
    const synced = this.#file.sync().catch(() => undefined);
    try {
      const sha256 = this.#file.sha256();
      const header = await this.#header();
      if (header instanceof PrioraError) return await this.#quarantine(header, sha256);
      const refused = admissionError(this.#source.announced, header);
      if (refused) return await this.#quarantine(refused, sha256);
      return await this.#oneAtATime(header.SOPInstanceUID, () => this.#store(header, sha256));
    } catch (error) {
      throw asStorageError(error);
    } finally {
      await synced;
      await this.#file.discard();
    }
  }

  #scan(chunk: Buffer): void {
    if (this.#unreadable) return;
    try {
      this.#scanner.push(chunk);
    } catch (error) {
      this.#unreadable = asPrioraError(error);
    }
  }

  async #header(): Promise<InstanceHeader | PrioraError> {
    try {
      if (this.#deflated) await this.#inflate();
      if (this.#unreadable) return this.#unreadable;
      this.#scanner.end();
    } catch (error) {
      if (error instanceof PrioraError && error.code === 'DICOM_UNREADABLE') return error;
      throw error;
    }
    return instanceHeader(this.#scanner.elements);
  }

  /** Deflated data sets are rare: they are read back once and inflated piece by piece. */
  async #inflate(): Promise<void> {
    await this.#file.flush();
    const stored = createReadStream(this.#file.path, { start: this.#context.head.length });
    let bytes = 0;
    try {
      // A pipeline closes the file however it ends; a mere pipe does not if the bytes are not deflated data.
      await pipeline(stored, createInflateRaw(), async (inflated: AsyncIterable<Buffer>) => {
        for await (const chunk of inflated) {
          bytes += chunk.length;
          if (bytes > maxInflatedBytes) throw new Error('it inflates without end');
          this.#scan(chunk);
        }
      });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
      this.#unreadable = new PrioraError('DICOM_UNREADABLE', 'the deflated data set does not inflate', { cause });
    }
  }

  async #oneAtATime<T>(SOPInstanceUID: string, work: () => Promise<T>): Promise<T> {
    const { inFlight } = this.#context;
    while (inFlight.has(SOPInstanceUID)) await inFlight.get(SOPInstanceUID);
    const done = work();
    // Waiters only need to know that it is over.
    inFlight.set(
      SOPInstanceUID,
      done.catch(() => undefined),
    );
    try {
      return await done;
    } finally {
      inFlight.delete(SOPInstanceUID);
    }
  }

  async #store(header: InstanceHeader, sha256: Buffer): Promise<Reception> {
    const { store, dataDir, commits, folders, index, clock } = this.#context;
    const { SOPInstanceUID, SeriesInstanceUID, StudyInstanceUID, SOPClassUID } = header;
    const known = store.instances.find(SOPInstanceUID);
    if (known) {
      if (sha256.equals(known.sha256)) {
        await this.#restore(join(dataDir, known.path));
        return { outcome: 'duplicate', instance: known };
      }
      const message = 'different bytes are already stored under this SOPInstanceUID';
      return this.#quarantine(new PrioraError('DUPLICATE_CONFLICT', message, { subject: { SOPInstanceUID } }), sha256);
    }
    const path = join(dataFolders.instances, StudyInstanceUID, SeriesInstanceUID, `${SOPInstanceUID}.dcm`);
    const folder = join(dataDir, dataFolders.instances, StudyInstanceUID, SeriesInstanceUID);
    const instance: InstanceRow = {
      SOPInstanceUID,
      SeriesInstanceUID,
      SOPClassUID,
      TransferSyntaxUID: this.#source.TransferSyntaxUID,
      path,
      bytes: this.#file.bytes,
      sha256,
      receivedAt: clock.now(),
      ...geometryColumns(header),
    };
    await folders.ensure(folder);
    await this.#file.moveTo(join(dataDir, path));
    const source = { callingAETitle: this.#source.callingAETitle, origin: this.#origin(header) };
    try {
      await commits.add(folder, () => index(header, instance, source));
    } catch (error) {
      // A file that no index knows must not stay, for its sender is told that it was not taken. One that another process has
      // put there, or has told the index of, is not ours to remove.
      if (!store.instances.find(SOPInstanceUID)) this.#file.remove(join(dataDir, path));
      throw error;
    }
    return { outcome: 'stored', instance };
  }

  /** Success promises that the bytes are here: if somebody has removed the indexed file, these take its place. */
  async #restore(path: string): Promise<void> {
    if (existsSync(path)) return;
    await this.#context.folders.ensure(dirname(path));
    await this.#file.moveTo(path);
    await syncFolder(dirname(path));
  }

  /**
   * Ours by its UIDs, or, if a PACS has given it others, by the equipment that wrote it. Results are not images to
   * analyse.
   */
  #origin(header: InstanceHeader): SeriesOrigin {
    const { store, isDestination } = this.#context;
    if (store.objects.isOurs(header) || header.ManufacturerModelName === 'Priora') return 'ours';
    const fromDestination = isDestination?.(this.#source.callingAETitle) || reviewClasses.has(header.SOPClassUID);
    return fromDestination ? 'destination' : 'received';
  }

  async #quarantine(error: PrioraError, sha256: Buffer): Promise<Reception> {
    const { store, dataDir, commits, clock } = this.#context;
    const path = join(dataFolders.quarantine, `${sha256.toString('hex')}.dcm`);
    await this.#file.moveTo(join(dataDir, path));
    await commits.add(join(dataDir, dataFolders.quarantine), () =>
      store.quarantine.note({
        path,
        sha256,
        code: error.code,
        message: error.message,
        SOPInstanceUID: this.#source.announced.SOPInstanceUID || null,
        callingAETitle: this.#source.callingAETitle,
        at: clock.now(),
      }),
    );
    return { outcome: 'quarantined', error };
  }
}
