import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type koffiModule from 'koffi';

const IPPROTO_TCP = 6;
const TCP_QUICKACK = 12;

type SetSockOpt = (fd: number, level: number, option: number, value: number[], length: number) => number;

/** libc's setsockopt if it is available, else null. */
function loadSetSockOpt(): SetSockOpt | null {
  if (process.platform !== 'linux') return null;
  const require = createRequire(import.meta.url);
  for (const library of ['libc.so.6', 'libc.so', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]) {
    try {
      const koffi = require('koffi') as typeof koffiModule;
      return koffi
        .load(library)
        .func('int setsockopt(int fd, int level, int option, int *value, unsigned int length)') as SetSockOpt;
    } catch {
      // Another C library, or no koffi binary for this machine: the node works, but more slowly with such senders.
    }
  }
  return null;
}

const setSockOpt = loadSetSockOpt();

/** Whether {@link quickAcknowledge} has an effect on this machine. */
export const quickAckAvailable = setSockOpt !== null;

/**
 * A function that asks the kernel to acknowledge at once what `socket` receives. It must be called after every read,
 * because Linux falls back to delayed acknowledgement by itself.
 *
 * Why: a sender with Nagle's algorithm on (DCMTK's default, many modalities) holds back the data of a PDU until its
 * header is acknowledged, and the receiver's kernel delays that by 40 ms. Only the receiver can avoid it (tcp(7),
 * TCP_QUICKACK).
 *
 * @returns a function that says whether the kernel accepted it; null if the option does not exist (other systems) or
 *   the socket has no file descriptor.
 */
export function quickAcknowledge(socket: Socket): (() => boolean) | null {
  // The descriptor is not part of Node's public interface; it stays the same for the life of the connection.
  const fd = (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd;
  if (!setSockOpt || fd === undefined || fd < 0) return null;
  const on = [1];
  return () => setSockOpt(fd, IPPROTO_TCP, TCP_QUICKACK, on, 4) === 0;
}
