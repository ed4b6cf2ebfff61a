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

/** CPU time, in seconds, of everything below `pid` that runs or was waited for (proc(5), at 100 ticks a second). */
function secondsBelow(pid: number): number {
  const [self, ...below] = processTree(pid).map((one) => {
    // The command's name, in parentheses, may hold spaces. Then state, …, utime, stime, cutime, cstime.
    const fields = told(one, 'stat').split(') ').at(-1)!.split(' ');
    return fields.slice(11, 15).map((ticks) => Number(ticks) / 100);
  });
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return sum(self.slice(2)) + sum(below.flat());
}

/** After so much quiet a wait is given up. Loaded machines are slow, not quiet. */
const patience = { seconds: 120, cpuSeconds: 1 };

/**
 * Waits until `condition` holds, as long as anything happens that could make it: it has no time limit of its own.
 *
 * @throws Error naming the condition when the processes that were started here have used no CPU time to speak of for two minutes.
 */
export async function until<T>(condition: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  let seen = { at: performance.now(), cpu: secondsBelow(process.pid) };
  for (let turn = 1; ; turn++) {
    const value = await condition();
    if (value) return value;
    await pause(5);
    if (turn % 200 !== 0) continue;
    const cpu = secondsBelow(process.pid);
    if (Math.abs(cpu - seen.cpu) >= patience.cpuSeconds) seen = { at: performance.now(), cpu };
    else if (performance.now() - seen.at > patience.seconds * 1000)
      throw new Error(`nothing happens any more; still waiting until ${condition.toString().replace(/\s+/g, ' ')}`);
  }
}
