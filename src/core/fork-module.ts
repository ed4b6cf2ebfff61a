import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrioraError } from './errors.js';

/**
 * Forks `module` (an `…-process.js` next to the caller) with V8's structured clone as its message format, so that typed
 * arrays cross the pipe as bytes. When run from TypeScript source (in tests), the child runs through tsx as well.
 *
 * @param module URL relative to the caller, written with `.js`: `new URL('./elastix-process.js', import.meta.url)`.
 * @param options.memoryLimitMb ceiling of the child's JavaScript heap.
 * @param options.residentLimitMb ceiling of all its memory, WASM and native included: a child that grows past it is
 *   killed, and {@link exceededLimitMb} says so. It is watched rather than set as a system limit, because WASM and ONNX
 *   Runtime reserve terabytes of address space that they never use, and cannot report a refusal.
 * @param options.yieldsProcessor whether it and its own children let everybody else go first.
 * @throws PrioraError CHILD_DIED if the system cannot start a process.
 */
export function forkModule(
  module: URL,
  options: {
    arguments?: readonly string[];
    memoryLimitMb?: number;
    residentLimitMb?: number;
    env?: NodeJS.ProcessEnv;
    yieldsProcessor?: boolean;
  } = {},
): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(module);
  const heap = options.memoryLimitMb === undefined ? [] : [`--max-old-space-size=${options.memoryLimitMb}`];
  const child = fork(fromSource ? path.replace(/\.js$/, '.ts') : path, options.arguments ?? [], {
    serialization: 'advanced',
    execArgv: [...heap, ...(fromSource ? ['--import', import.meta.resolve('tsx')] : [])],
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // Whoever waits for the child hears of its exit; without a listener, an error would end this process, too.
  child.on('error', () => undefined);
  if (child.pid === undefined) throw new PrioraError('CHILD_DIED', `${basename(path)} could not be started`);
  if (options.residentLimitMb !== undefined) watchMemory(child, options.residentLimitMb);
  if (options.yieldsProcessor) yieldProcessor(child.pid);
  return child;
}

/** Children that were killed for their memory use, with the limit they exceeded. */
const tooLarge = new WeakMap<ChildProcess, number>();
const watchIntervalMs = 250;

function watchMemory(child: ChildProcess, limitMb: number): void {
  const timer = setInterval(() => {
    if (residentMb(child.pid!) <= limitMb) return;
    tooLarge.set(child, limitMb);
    child.kill('SIGKILL');
  }, watchIntervalMs).unref();
  child.once('exit', () => clearInterval(timer));
}

/** Resident memory (proc(5), VmRSS); 0 if there is no /proc, or the process no longer exists. */
function residentMb(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The limit that a child of {@link forkModule} was killed for exceeding; undefined if it was not. */
export const exceededLimitMb = (child: ChildProcess): number | undefined => tooLarge.get(child);

/**
 * Lowers the priority of a process. One that was started with a lower one already (`nice -n 15`) keeps it: to raise it again
 * takes privileges that a node has not.
 */
function yieldProcessor(pid: number): void {
  if (getPriority(pid) < constants.priority.PRIORITY_BELOW_NORMAL)
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
}
