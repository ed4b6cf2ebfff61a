import { readFileSync } from 'node:fs';
import { PrioraError } from './errors.js';

/** How a child ended without having been asked to. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The limit of memory that it was killed for exceeding. */
  readonly exceededLimitMb: number | undefined;
  /** Whether the system has killed a process for lack of memory while the child ran. */
  readonly systemOutOfMemory: boolean;
}

/** Signals by which somebody else ends a process; a process that goes wrong ends with others, or with a code. */
const signalsFromOutside: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/**
 * Tells the three ways apart in which a child can be lost:
 *
 * - MEMORY_EXCEEDED: we killed it for its size, and would again;
 * - CHILD_KILLED: an operator or the system's shutdown ended it, which says nothing about its work;
 * - CHILD_DIED: it crashed, or the system killed it for lack of memory; its work may be why.
 */
export function childEndError(
  name: string,
  { code, signal, exceededLimitMb, systemOutOfMemory }: ChildEnd,
): PrioraError {
  if (exceededLimitMb !== undefined)
    return new PrioraError('MEMORY_EXCEEDED', `${name} needed more than ${exceededLimitMb} MB and was killed`);
  if (signal === 'SIGKILL' && systemOutOfMemory)
    return new PrioraError('CHILD_DIED', `${name} was killed by the system, which had run out of memory`);
  if (signal !== null && signalsFromOutside.has(signal))
    return new PrioraError('CHILD_KILLED', `${name} was ended from outside by ${signal}`);
  return new PrioraError('CHILD_DIED', `${name} ended with ${signal ?? `code ${code}`}`);
}

/** How often the system has killed a process for lack of memory since it started (/proc/vmstat); 0 if it does not say. */
export function systemOutOfMemoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
