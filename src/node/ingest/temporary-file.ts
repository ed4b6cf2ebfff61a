import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsync, open, renameSync, statSync, unlinkSync, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { asStorageError } from '../../core/storage-error.js';

const openAsync = promisify(open);
const fsyncAsync = promisify(fsync);
/** Bytes held back before they are written: few writes, and all but the last while the sender is still sending. */
const flushBytes = 1 << 16;
/** Bytes accepted while the file is still being created; more hold the sender back. */
const unopenedBytes = 1 << 20;
/** The cost of a chunk besides its bytes: a sender may cut a data set into pieces of one. */
const chunkOverhead = 100;

/**
 * A data set on its way to disk: written under a temporary name and hashed as it goes. Nothing of it is visible until
 * `moveTo`; whatever goes wrong before, `discard` leaves nothing behind.
 *
 * Writing and renaming are quick calls into the page cache and are made directly. Creating the file may wait for the
 * file system's journal, and syncing it waits for the disk: these leave the event loop.
 */
export class TemporaryFile {
  readonly path: string;
  /** Bytes of the data set so far, without the head. */
  bytes = 0;
  readonly #hash = createHash('sha256');
  #pending: Buffer[];
  #pendingBytes: number;
  readonly #opened: Promise<void>;
  /** Undefined before the file is open and after it is closed. */
  #descriptor: number | undefined;
  #synced: Promise<void> | undefined;
  #moved = false;

  /** @param head preamble and file meta information; not part of the hash. */
  constructor(path: string, head: Buffer) {
    this.path = path;
    this.#pending = [head];
    this.#pendingBytes = head.length;
    this.#opened = openAsync(path, 'wx').then((descriptor) => void (this.#descriptor = descriptor));
    // Whoever flushes hears of a failure.
    this.#opened.catch(() => undefined);
  }

  /**
   * A returned promise asks the caller to wait before writing more.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  write(chunk: Buffer): void | Promise<void> {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length + chunkOverhead;
    if (this.#descriptor === undefined) {
      if (this.#pendingBytes >= unopenedBytes) return this.flush();
    } else if (this.#pendingBytes >= flushBytes) this.#writePending();
  }

  /** The data set's SHA-256; call once, after the last `write`. */
  sha256(): Buffer {
    return this.#hash.digest();
  }

  /**
   * Hands what is held back to the operating system (not yet to the disk).
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  async flush(): Promise<void> {
    try {
      await this.#opened;
    } catch (error) {
      throw asStorageError(error, this.path);
    }
    this.#writePending();
  }

  /**
   * Makes the bytes durable. If called early, the disk works while the caller does; only the first call has an effect.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  sync(): Promise<void> {
    return (this.#synced ??= this.#sync());
  }

  async #sync(): Promise<void> {
    if (this.#descriptor === undefined) await this.flush();
    else this.#writePending();
    await fsyncAsync(this.#descriptor!);
  }

  /**
   * Gives the file its name once its bytes are durable. The caller syncs the folder. It stays open until `discard`, so that
   * `remove` can tell it from another.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  async moveTo(path: string): Promise<void> {
    try {
      await this.sync();
      renameSync(this.path, path);
      this.#moved = true;
    } catch (error) {
      throw asStorageError(error, this.path);
    }
  }

  /** Removes the file from under its final name, unless another one has taken its place there. */
  remove(path: string): void {
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(this.#descriptor!).ino) unlinkSync(path);
  }

  /** Closes the file, and removes it if it has no final name yet; harmless afterwards. */
  async discard(): Promise<void> {
    this.#pending = [];
    try {
      await this.#opened;
      this.#close();
      if (!this.#moved) unlinkSync(this.path);
    } catch {
      // It was never created, or the next start clears the folder of temporary files.
    }
  }

  #writePending(): void {
    let rest: Buffer[] = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      while (rest.length > 0) {
        // A nearly full disk writes less than it was given, and reports ENOSPC only at the next call.
        let written = writevSync(this.#descriptor!, rest);
        let whole = 0;
        while (whole < rest.length && written >= rest[whole].length) written -= rest[whole++].length;
        rest = rest.slice(whole);
        if (rest.length > 0) rest[0] = rest[0].subarray(written);
      }
    } catch (error) {
      throw asStorageError(error, this.path);
    }
  }

  #close(): void {
    const descriptor = this.#descriptor;
    // Even a close that fails releases the descriptor: a second one could hit another file.
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
