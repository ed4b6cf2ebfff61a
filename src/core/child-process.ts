import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PrioraError } from './errors.js';

/**
 * Forks `module` (an `…-process.js` beside the caller) with V8's structured clone as message format, so that typed
 * arrays cross the pipe as bytes. Run from TypeScript source (tests), the child is run through tsx as well.
 *
 * @param module URL relative to the caller, written with `.js`: `new URL('./elastix-process.js', import.meta.url)`.
 * @param options.memoryLimitMb ceiling of the child's JavaScript heap; native memory is the module's own business.
 */
export function forkModule(
  module: URL,
  options: { arguments?: readonly string[]; memoryLimitMb?: number; env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(module);
  const heap = options.memoryLimitMb === undefined ? [] : [`--max-old-space-size=${options.memoryLimitMb}`];
  return fork(fromSource ? path.replace(/\.js$/, '.ts') : path, options.arguments ?? [], {
    serialization: 'advanced',
    execArgv: [...heap, ...(fromSource ? ['--import', import.meta.resolve('tsx')] : [])],
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** What a one-request child answers: a result, or the message of its error. */
export type ChildAnswer<T> = { result: T } | { error: string };

/**
 * Runs one request in a fresh child and ends the child. For work whose memory must go back to the system (WASM heaps).
 *
 * @throws PrioraError CHILD_DIED when the child ends without an answer, CANCELLED when `signal` aborts; an error the
 *   child answers is thrown as a plain Error for the caller to name.
 */
export async function callInChild<Request, Result>(
  module: URL,
  request: Request,
  options: { memoryLimitMb?: number; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Result> {
  // An event that has passed is not sent again to those who listen later.
  if (options.signal?.aborted)
    throw new PrioraError('CANCELLED', `${module.pathname.split('/').at(-1)} was stopped before it began`);
  const child = forkModule(module, options);
  const kill = () => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill, { once: true });
  try {
    return await new Promise<Result>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(
          options.signal?.aborted
            ? new PrioraError('CANCELLED', `${module.pathname.split('/').at(-1)} was stopped`)
            : new PrioraError(
                'CHILD_DIED',
                `${module.pathname.split('/').at(-1)} ended with ${signal ?? `code ${code}`}`,
              ),
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

/** The child's side of {@link callInChild}: answers the one request it is sent. */
export function answerParent<Request, Result>(handle: (request: Request) => Promise<Result>): void {
  process.once('message', (request: Request) => {
    handle(request)
      .then((result) => process.send!({ result }))
      .catch((error: unknown) => process.send!({ error: error instanceof Error ? error.message : String(error) }));
  });
  // A parent that dies takes its child with it.
  process.once('disconnect', () => process.exit(0));
}
