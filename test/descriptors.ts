import { readdirSync, readlinkSync } from 'node:fs';

/**
 * What this process's descriptors point at, of those that start with `prefix`: a folder's path, or `socket:`. A removed
 * file is still named. Linux only.
 */
export function openDescriptors(prefix: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      return target.startsWith(prefix) ? [target] : [];
    } catch {
      // The one that listed them is closed by now.
      return [];
    }
  });
}
