import { createHash } from 'node:crypto';
import { closeSync, fsync, openSync, renameSync, unlinkSync, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { asStorageError } from '../core/storage-error.js';

const fsyncAsync = promisify(fsync);
/** Bytes held back before they are written: few writes, all but the last while the sender is still sending. */
const flushBytes = 1 << 16;

/**
 * A data set on its way to disk: written under a temporary name, hashed as it goes. Nothing of it is visible until
 * `moveTo`; whatever goes wrong before, `discard` leaves nothing behind.
 *
 * Opening, writing and renaming are quick calls into the page cache and made directly; only the sync, which waits for
 * the disk, leaves the event loop.
 */
export class TemporaryFile {
  readonly path: string;
  /** Bytes of the data set so far, without the head. */
  bytes = 0;
  readonly #hash = createHash('sha256');
  #pending: Buffer[];
  #pendingBytes: number;
  #descriptor: number | undefined;
  #synced: Promise<void> | undefined;
  #moved = false;

  /**
   * @param head preamble and file meta information; not part of the hash.
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  constructor(path: string, head: Buffer) {
    this.path = path;
    this.#pending = [head];
    this.#pendingBytes = head.length;
    this.#descriptor = guarded(() => openSync(path, 'wx'));
  }

  /** @throws PrioraError STORAGE_FULL, STORAGE_FAILED */
  write(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes >= flushBytes) this.flush();
  }

  /** The data set's SHA-256; call once, after the last `write`. */
  sha256(): Buffer {
    return this.#hash.digest();
  }

  /**
   * Makes the bytes durable. Called early, the disk works while the caller does; only the first call does anything.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  sync(): Promise<void> {
    return (this.#synced ??= this.#sync());
  }

  async #sync(): Promise<void> {
    this.flush();
    await fsyncAsync(this.#descriptor!);
  }

  /**
   * Gives the file its name once its bytes are durable. The caller syncs the folder.
   *
   * @throws PrioraError STORAGE_FULL, STORAGE_FAILED
   */
  async moveTo(path: string): Promise<void> {
    try {
      await this.sync();
      this.#close();
      renameSync(this.path, path);
      this.#moved = true;
    } catch (error) {
      throw asStorageError(error);
    }
  }

  /** Removes what has no name yet; harmless afterwards. */
  discard(): void {
    this.#pending = [];
    try {
      this.#close();
      if (!this.#moved) unlinkSync(this.path);
    } catch {
      // The next start clears the folder of temporary files.
    }
    this.#moved = true;
  }

  /** Hands what is held back to the operating system (not yet to the disk). */
  flush(): void {
    let rest: Buffer[] = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    guarded(() => {
      while (rest.length > 0) {
        // A nearly full disk writes less than it was given, and says ENOSPC only at the next call.
        let written = writevSync(this.#descriptor!, rest);
        let whole = 0;
        while (whole < rest.length && written >= rest[whole].length) written -= rest[whole++].length;
        rest = rest.slice(whole);
        if (rest.length > 0) rest[0] = rest[0].subarray(written);
      }
    });
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asStorageError(error);
  }
}
