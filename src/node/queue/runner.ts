import { systemClock, type Clock } from '../../core/clock.js';
import { asPrioraError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Job, JobKind, JobPayloads } from './job.js';
import type { JobQueue } from './job-queue.js';

export interface JobContext {
  readonly job: Job;
  /** Aborts when the runner stops, the job is cancelled or its lease is lost: stop, and throw. */
  readonly signal: AbortSignal;
  /** Records how far the job has come, for operators (`priora status`). */
  readonly setStage: (stage: string) => void;
}

/** Runs a job of one kind. Idempotent: after a crash it runs again from the start. */
export type JobHandler<Kind extends JobKind> = (payload: JobPayloads[Kind], context: JobContext) => Promise<void>;
export type JobHandlers = { readonly [Kind in JobKind]?: JobHandler<Kind> };

export interface RunnerOptions {
  readonly queue: JobQueue;
  /** Only the kinds that have a handler are claimed. */
  readonly handlers: JobHandlers;
  /** Jobs of a kind that run at the same time [1]. */
  readonly concurrency?: { readonly [Kind in JobKind]?: number };
  readonly logger: Logger;
  /** For the pause until the next job is due [the system's]. */
  readonly clock?: Clock;
  /** Longest pause between two looks at the queue, since other processes enqueue, too [500 ms]. */
  readonly pollMs?: number;
  /** Time between two renewals of the leases, a third of the lease or less [15 s]. */
  readonly renewMs?: number;
}

/** A job that is running here. */
interface Run {
  readonly job: Job;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Claims and runs jobs until it is stopped: look → start → run → settle, and from time to time renew the leases. */
export class Runner {
  readonly #queue: JobQueue;
  readonly #handlers: JobHandlers;
  readonly #concurrency: NonNullable<RunnerOptions['concurrency']>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #running = new Map<number, Run>();
  /** Jobs whose end could not be written to the queue yet. */
  readonly #unsettled = new Set<Job>();
  readonly #idleWaiters = new Set<() => void>();
  readonly #renewMs: number;
  #renewal: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  private constructor({ queue, handlers, logger, ...options }: RunnerOptions) {
    this.#queue = queue;
    this.#handlers = handlers;
    this.#logger = logger;
    this.#concurrency = options.concurrency ?? {};
    this.#clock = options.clock ?? systemClock;
    this.#pollMs = options.pollMs ?? 500;
    this.#renewMs = options.renewMs ?? 15_000;
  }

  /** Jobs of dead processes are taken back first, and again with each renewal. */
  static start(options: RunnerOptions): Runner {
    const runner = new Runner(options);
    options.queue.reclaim();
    runner.#renewal = setInterval(() => runner.#renew(), runner.#renewMs);
    runner.#stopListening = options.queue.onChange(() => runner.#wake());
    runner.#wake();
    return runner;
  }

  /** Resolves when nothing of these kinds is running, and none is claimable now. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.add(resolve);
      this.#wake();
      if (this.#stopped) resolve();
    });
  }

  /** Claims no more jobs, aborts running ones, waits for them and returns them to the queue unharmed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening?.();
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    const ending = [...this.#running.values()];
    ending.forEach(({ abort }) => abort.abort());
    await Promise.all(ending.map(({ done }) => done));
    clearInterval(this.#renewal);
    this.#idleWaiters.forEach((resolve) => resolve());
  }

  /** Looks on the next turn of the event loop: whoever enqueues inside a transaction has committed by then. */
  #wake(): void {
    if (this.#stopped || this.#turn) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#look();
    });
  }

  /** Starts whatever can be started, and looks again when more is due. */
  #look(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    let pause = this.#pollMs;
    try {
      for (let job; (job = this.#claim());) this.#start(job);
      const due = this.#queue.nextDue(this.#freeKinds());
      if (due !== undefined && due > this.#clock.now()) pause = Math.min(pause, due - this.#clock.now());
    } catch (error) {
      this.#logger.error({ error: (error as Error).message }, 'the queue cannot be read; retrying');
    }
    if (this.#running.size === 0) {
      this.#idleWaiters.forEach((resolve) => resolve());
      this.#idleWaiters.clear();
    }
    this.#timer = setTimeout(() => this.#look(), Math.max(pause, 1));
  }

  #claim(): Job | undefined {
    const kinds = this.#freeKinds();
    return kinds.length > 0 ? this.#queue.claim(kinds) : undefined;
  }

  #freeKinds(): JobKind[] {
    const running = [...this.#running.values()];
    return (Object.keys(this.#handlers) as JobKind[]).filter(
      (kind) => running.filter(({ job }) => job.kind === kind).length < (this.#concurrency[kind] ?? 1),
    );
  }

  #start(job: Job): void {
    const abort = new AbortController();
    const done = this.#run(job, abort.signal)
      // The queue itself failed (disk full): the job is returned once it can be written again.
      .catch((error: unknown) => {
        this.#unsettled.add(job);
        this.#logger.error(
          { job: job.key, error: (error as Error).message },
          'the state of a job could not be written',
        );
      })
      .finally(() => {
        this.#running.delete(job.jobKey);
        this.#wake();
      });
    this.#running.set(job.jobKey, { job, abort, done });
  }

  async #run(job: Job, signal: AbortSignal): Promise<void> {
    try {
      const handle = this.#handlers[job.kind] as JobHandler<JobKind>;
      await handle(job.payload, { job, signal, setStage: (stage) => this.#setStage(job, stage) });
      this.#queue.complete(job);
    } catch (thrown) {
      // During shutdown, whatever the handler threw says nothing about the job.
      if (this.#stopped) this.#queue.release(job);
      else if (this.#queue.fail(job, thrown)) this.#report(job, thrown);
    }
  }

  #setStage(job: Job, stage: string): void {
    try {
      this.#queue.setStage(job, stage);
    } catch (error) {
      // For operators only; the job itself continues.
      this.#logger.warn(
        { job: job.key, stage, error: (error as Error).message },
        'the stage of a job could not be written',
      );
    }
  }

  /** A job that would fail again however often it is retried needs an operator: that is an error, the rest are warnings. */
  #report(job: Job, thrown: unknown): void {
    const error = asPrioraError(thrown);
    this.#logger[error.class === 'permanent' ? 'error' : 'warn'](
      {
        job: job.key,
        code: error.code,
        class: error.class,
        stack: error.code === 'INTERNAL' ? error.stack : undefined,
      },
      error.message,
    );
  }

  #renew(): void {
    try {
      const { cancelled, lost } = this.#queue.renew([...this.#running.values()].map(({ job }) => job));
      for (const jobKey of [...cancelled, ...lost]) this.#running.get(jobKey)?.abort.abort();
      for (const job of this.#unsettled) {
        this.#queue.release(job);
        this.#unsettled.delete(job);
      }
      this.#queue.reclaim();
    } catch (error) {
      this.#logger.error({ error: (error as Error).message }, 'leases could not be renewed; retrying');
    }
  }
}
