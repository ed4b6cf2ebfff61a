import type { ChildProcess } from 'node:child_process';
import { childEndError, systemOutOfMemoryKills } from './child-end.js';
import { asPrioraError, PrioraError, type ErrorCode, type ErrorSubject } from './errors.js';
import { exceededLimitMb, forkModule } from './fork-module.js';

/** What a child can be asked: the argument and the result of each call, and what it reports on the way. */
export type Calls = Readonly<
  Record<string, { readonly argument: unknown; readonly result: unknown; readonly progress?: unknown }>
>;

/** Parent → child. */
type Request = { readonly call: string; readonly argument: unknown } | { readonly stop: true };
/** Child → parent, in answer to the last call. */
type Reply =
  | { readonly progress: unknown }
  | { readonly result: unknown }
  /** `code` is null for an error that is not ours. */
  | { readonly failure: { readonly code: ErrorCode | null; readonly message: string; readonly subject: ErrorSubject } };

export interface CallOptions<Progress> {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A child process that answers one call at a time, each with a reply and with progress before it. */
export class Child<Called extends Calls> {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #stopsItself: boolean;
  readonly #outOfMemoryKills = systemOutOfMemoryKills();
  #end: PrioraError | undefined;

  /**
   * @param module the child's module, as {@link forkModule} takes it; it calls {@link answerParent}.
   * @param options.name what errors call the child.
   * @param options.stopsItself whether the child ends a call that is to stop by itself [it is killed].
   * @throws PrioraError CHILD_DIED if the system cannot start a process.
   */
  constructor(
    module: URL,
    options: Parameters<typeof forkModule>[1] & { readonly name: string; readonly stopsItself?: boolean },
  ) {
    this.#name = options.name;
    this.#stopsItself = options.stopsItself ?? false;
    this.#process = forkModule(module, options);
    this.#process.once('exit', (code, signal) => {
      this.#end = childEndError(this.#name, {
        code,
        signal,
        exceededLimitMb: exceededLimitMb(this.#process),
        systemOutOfMemory: systemOutOfMemoryKills() > this.#outOfMemoryKills,
      });
    });
  }

  /** Whether it can be asked. */
  get isAlive(): boolean {
    return this.#end === undefined && this.#process.connected;
  }

  /**
   * @throws PrioraError what the child answers; CANCELLED if `signal` aborts; CHILD_DIED, CHILD_KILLED or MEMORY_EXCEEDED if it
   *   ends before it has answered. An error of the child's that is no PrioraError is thrown as a plain Error for the caller to name.
   */
  async call<Name extends keyof Called & string>(
    name: Name,
    argument: Called[Name]['argument'],
    { onProgress, signal }: CallOptions<Called[Name]['progress']> = {},
  ): Promise<Called[Name]['result']> {
    const cancelled = () => new PrioraError('CANCELLED', `${this.#name} was stopped`);
    if (signal?.aborted) throw cancelled();
    if (this.#end) throw this.#end;
    const child = this.#process;
    const listening = new AbortController();
    const stop = () => (this.#stopsItself ? child.send({ stop: true } satisfies Request) : child.kill('SIGKILL'));
    signal?.addEventListener('abort', stop, { signal: listening.signal });
    try {
      return await new Promise<Called[Name]['result']>((resolve, reject) => {
        const exited = () => reject(signal?.aborted ? cancelled() : this.#end!);
        const answered = (reply: Reply) => {
          if ('progress' in reply) onProgress?.(reply.progress);
          else if ('result' in reply) resolve(reply.result);
          else reject(thrownBy(reply.failure));
        };
        child.on('exit', exited).on('message', answered);
        listening.signal.addEventListener('abort', () => child.off('exit', exited).off('message', answered));
        child.send({ call: name, argument } satisfies Request);
      });
    } finally {
      listening.abort();
    }
  }

  /** Ends the child at once. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

const thrownBy = ({ code, message, subject }: Extract<Reply, { failure: unknown }>['failure']): Error =>
  code === null ? new Error(message) : new PrioraError(code, message, { subject });

/** The calls of a child that answers once. */
export type SingleCall<Argument, Result> = { readonly run: { readonly argument: Argument; readonly result: Result } };

/** The memory a one-request child may use unless its caller sets another limit: a WASM heap can grow to 4 GB. */
const defaultResidentLimitMb = 4096;

/**
 * Runs one call in a fresh child and ends the child. For work whose memory has to return to the system (WASM heaps).
 *
 * @throws as {@link Child.call}
 */
export async function callInChild<Argument, Result>(
  module: URL,
  argument: Argument,
  options: { memoryLimitMb?: number; residentLimitMb?: number; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Result> {
  const { signal, ...limits } = options;
  const name = module.pathname.split('/').at(-1)!;
  if (signal?.aborted) throw new PrioraError('CANCELLED', `${name} was stopped before it began`);
  const child = new Child<SingleCall<Argument, Result>>(module, {
    residentLimitMb: defaultResidentLimitMb,
    ...limits,
    name,
  });
  try {
    return await child.call('run', argument, { signal });
  } finally {
    child.kill();
  }
}

/** What a child does for each call. */
export type CallHandlers<Called extends Calls> = {
  readonly [Name in keyof Called]: (
    argument: Called[Name]['argument'],
    context: {
      readonly progress: (progress: Called[Name]['progress']) => void;
      /** Aborts when the parent wants the call to stop; only where the parent says that the child stops itself. */
      readonly signal: AbortSignal;
    },
  ) => Promise<Called[Name]['result']>;
};

/** The child's side of {@link Child}: answers its parent's calls until the parent is gone. */
export function answerParent<Called extends Calls>(handlers: CallHandlers<Called>): void {
  const send = (reply: Reply) => process.send!(reply);
  let running = new AbortController();
  process.on('message', (request: Request) => {
    if ('stop' in request) return running.abort();
    running = new AbortController();
    const { signal } = running;
    const handle = async () =>
      handlers[request.call](request.argument, { signal, progress: (progress) => send({ progress }) });
    handle().then(
      (result) => send({ result }),
      (thrown: unknown) => {
        const { code, message, subject } = asPrioraError(thrown);
        send({ failure: { code: thrown instanceof PrioraError ? code : null, message, subject } });
      },
    );
  });
  // A parent that dies takes its child with it.
  process.once('disconnect', () => process.exit(0));
}
