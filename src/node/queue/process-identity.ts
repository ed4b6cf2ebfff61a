import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Identifies a process for all time: `host/boot/pid/start time`. A reused pid has another start time, and a machine that
 * was started again another boot.
 */
export function processIdentity(pid: number = process.pid): string {
  return `${hostname()}/${bootId()}/${pid}/${startTime(pid) ?? '-'}`;
}

/** Whether the machine has been started again since the process named by {@link processIdentity} ran on it. */
export function machineRestartedSince(identity: string): boolean {
  const [host, boot] = identity.split('/');
  return host === hostname() && boot !== bootId();
}

/**
 * Whether the process named by {@link processIdentity} still runs: false only if that is certain. A process on another
 * machine cannot be seen from here; its lease tells.
 */
export function mayBeAlive(identity: string): boolean {
  const [host, , pid, started] = identity.split('/');
  if (host !== hostname()) return true;
  if (machineRestartedSince(identity)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = startTime(Number(pid));
  return now === undefined || started === '-' || now === started;
}

/** Names the system's run since it was started (random(4)); `-` if there is no /proc. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '-';
  }
}

/** Start time in clock ticks since boot (proc(5), field 22); undefined if there is no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses, and may hold both spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie is already dead: its parent just has not collected it.
    return fields[0] === 'Z' ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}
