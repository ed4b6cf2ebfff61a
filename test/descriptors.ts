import { readdirSync, readlinkSync } from 'node:fs';

/** What this process's descriptors of files below `folder` point at; a removed file is still named. Linux only. */
export function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      // The one that listed them is closed by now.
      return [];
    }
  });
}
