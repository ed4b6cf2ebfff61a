import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
 *   killed, and {@link childEnded} says so. It is watched rather than set as a system limit, because WASM and ONNX
 *   Runtime reserve terabytes of address space that they never use, and cannot report a refusal.
 * @throws PrioraError CHILD_DIED if the system cannot start a process.
 */
export function forkModule(
  module: URL,
  options: {
    arguments?: readonly string[];
    memoryLimitMb?: number;
    residentLimitMb?: number;
    env?: NodeJS.ProcessEnv;
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

/** Why a child of {@link forkModule} ended unexpectedly: MEMORY_EXCEEDED or CHILD_DIED. */
export function childEnded(
  child: ChildProcess,
  name: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): PrioraError {
  const limitMb = tooLarge.get(child);
  return limitMb === undefined
    ? new PrioraError('CHILD_DIED', `${name} ended with ${signal ?? `code ${code}`}`)
    : new PrioraError('MEMORY_EXCEEDED', `${name} needed more than ${limitMb} MB and was killed`);
}

/** Default ceiling of a child that serves one request: a WASM heap ends at 4 GB. */
const defaultResidentLimitMb = 4096;

/** The answer of a child that serves one request: a result, or the message of its error. */
export type ChildAnswer<T> = { result: T } | { error: string };

/**
 * Runs one request in a fresh child and ends the child. For work whose memory has to go back to the system (WASM
 * heaps).
 *
 * @throws PrioraError CHILD_DIED or MEMORY_EXCEEDED if the child ends without an answer, CANCELLED if `signal` aborts.
 *   An error that the child answers is thrown as a plain Error for the caller to name.
 */
export async function callInChild<Request, Result>(
  module: URL,
  request: Request,
  options: { memoryLimitMb?: number; residentLimitMb?: number; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Result> {
  const name = module.pathname.split('/').at(-1)!;
  // An abort event that has already fired does not reach listeners added later.
  if (options.signal?.aborted) throw new PrioraError('CANCELLED', `${name} was stopped before it began`);
  const child = forkModule(module, { residentLimitMb: defaultResidentLimitMb, ...options });
  const kill = () => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill, { once: true });
  try {
    return await new Promise<Result>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(
          options.signal?.aborted
            ? new PrioraError('CANCELLED', `${name} was stopped`)
            : childEnded(child, name, code, signal),
        ),
      );
      child.once('message', (answer: ChildAnswer<Result>) =>
        'error' in answer ? reject(new Error(answer.error)) : resolve(answer.result),
      );
      child.send(request as object);
    });
  } finally {
    options.signal?.removeEventListener('abort', kill);
    kill();
  }
}

/** The child's side of {@link callInChild}: answers the one request it receives. */
export function answerParent<Request, Result>(handle: (request: Request) => Promise<Result>): void {
  process.once('message', (request: Request) => {
    handle(request)
      .then((result) => process.send!({ result }))
      .catch((error: unknown) => process.send!({ error: error instanceof Error ? error.message : String(error) }));
  });
  // When the parent dies, the child ends with it.
  process.once('disconnect', () => process.exit(0));
}
