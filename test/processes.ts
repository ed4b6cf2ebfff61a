import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What /proc tells of a process; empty where it has ended. */
export function told(pid: number, file: 'stat' | 'cmdline' | `task/${number}/children`): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Every process below `pid`, itself first. */
export function processTree(pid: number): number[] {
  const children = told(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processTree)];
}

/** The process below `pid`, or itself, that runs this module. */
export const descendant = (pid: number, module: string) =>
  processTree(pid).find((one) => told(one, 'cmdline').includes(module));

/** Waits (for the test's own time limit) until `condition` holds. */
export async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = condition();
    if (value) return value;
    await pause(5);
  }
}
