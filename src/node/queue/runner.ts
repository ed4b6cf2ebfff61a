import { systemClock, type Clock } from '../../core/clock.js';
import { asPrioraError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Job, JobQueue } from './job.js';

export interface JobContext {
  readonly job: Job;
  /** Aborts when the runner stops, the job is cancelled or its lease is lost: stop, and throw. */
  readonly signal: AbortSignal;
  /** Records how far the job has come, for operators (`priora status`). */
  readonly setStage: (stage: string) => void;
}

/** Runs a job of one kind. Idempotent: after a crash it runs again from the start. */
export type JobHandler = (payload: never, context: JobContext) => Promise<void>;

export interface RunnerOptions {
  readonly queue: JobQueue;
  /** By kind; only these kinds are claimed. */
  readonly handlers: Readonly<Record<string, JobHandler>>;
  /** Jobs of a kind that run at the same time [1]. */
  readonly concurrency?: Readonly<Record<string, number>>;
  readonly logger: Logger;
  /** For the pause until the next job is due [the system's]. */
  readonly clock?: Clock;
  /** Longest pause between two looks at the queue, since other processes enqueue, too [500 ms]. */
  readonly pollMs?: number;
  /** Time between two renewals of the leases, a third of the lease or less [15 s]. */
  readonly renewMs?: number;
}

export interface Runner {
  /** Resolves when nothing of these kinds is running, and none is claimable now. */
  idle(): Promise<void>;
  /** Claims no more jobs, aborts running ones, waits for them and returns them to the queue unharmed. */
  stop(): Promise<void>;
}

/**
 * Claims and runs jobs until it is stopped. Jobs of dead processes are taken back first, and again with each renewal.
 */
export function startRunner(options: RunnerOptions): Runner {
  const { queue, handlers, logger } = options;
  const clock = options.clock ?? systemClock;
  const pollMs = options.pollMs ?? 500;
  const running = new Map<number, { job: Job; abort: AbortController; done: Promise<void> }>();
  /** Jobs whose end could not be written to the queue yet. */
  const unsettled = new Set<Job>();
  const idleWaiters = new Set<() => void>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;

  const freeKinds = () =>
    Object.keys(handlers).filter((kind) => {
      const used = [...running.values()].filter(({ job }) => job.kind === kind).length;
      return used < (options.concurrency?.[kind] ?? 1);
    });

  const run = async (job: Job, abort: AbortController): Promise<void> => {
    const log = logger.child({ job: job.key });
    try {
      await handlers[job.kind](job.payload as never, {
        job,
        signal: abort.signal,
        setStage: (stage) => {
          try {
            queue.setStage(job, stage);
          } catch (error) {
            // For operators only; the job itself continues.
            log.warn({ stage, error: (error as Error).message }, 'stage not written');
          }
        },
      });
      queue.complete(job);
    } catch (thrown) {
      const error = asPrioraError(thrown);
      // During shutdown, whatever the handler threw says nothing about the job.
      if (stopped) queue.release(job);
      else if (queue.fail(job, thrown))
        // A job that would fail again however often it is retried needs an operator.
        log[error.class === 'permanent' ? 'error' : 'warn'](
          { code: error.code, class: error.class, stack: error.code === 'INTERNAL' ? error.stack : undefined },
          error.message,
        );
    }
  };

  const start = (job: Job) => {
    const abort = new AbortController();
    const done = run(job, abort)
      // The queue itself failed (disk full): the job is returned once it can be written again.
      .catch((error: unknown) => {
        unsettled.add(job);
        logger.error({ job: job.key, error: (error as Error).message }, 'job state not written');
      })
      .finally(() => {
        running.delete(job.jobKey);
        wake();
      });
    running.set(job.jobKey, { job, abort, done });
  };

  const look = () => {
    if (stopped) return;
    clearTimeout(timer);
    let pause = pollMs;
    try {
      for (;;) {
        const kinds = freeKinds();
        const job = kinds.length > 0 ? queue.claim(kinds) : undefined;
        if (!job) break;
        start(job);
      }
      const due = queue.nextDue(freeKinds());
      if (due !== undefined && due > clock.now()) pause = Math.min(pause, due - clock.now());
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'the queue cannot be read; trying again');
    }
    if (running.size === 0) {
      idleWaiters.forEach((resolve) => resolve());
      idleWaiters.clear();
    }
    timer = setTimeout(look, Math.max(pause, 1));
  };

  // On the next turn of the event loop: whoever enqueues inside a transaction has committed by then.
  const wake = () => {
    if (stopped || turn) return;
    turn = setImmediate(() => {
      turn = undefined;
      look();
    });
  };

  const renewal = setInterval(() => {
    try {
      const { cancelled, lost } = queue.renew([...running.values()].map(({ job }) => job));
      for (const jobKey of [...cancelled, ...lost]) running.get(jobKey)?.abort.abort();
      for (const job of unsettled) {
        queue.release(job);
        unsettled.delete(job);
      }
      queue.reclaim();
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'leases not renewed; trying again');
    }
  }, options.renewMs ?? 15_000);

  const off = queue.onChange(wake);
  queue.reclaim();
  wake();

  return {
    idle: () =>
      new Promise((resolve) => {
        idleWaiters.add(resolve);
        wake();
        if (stopped) resolve();
      }),
    stop: async () => {
      stopped = true;
      off();
      clearTimeout(timer);
      if (turn) clearImmediate(turn);
      const ending = [...running.values()];
      ending.forEach(({ abort }) => abort.abort());
      await Promise.all(ending.map(({ done }) => done));
      clearInterval(renewal);
      idleWaiters.forEach((resolve) => resolve());
    },
  };
}
