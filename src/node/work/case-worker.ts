import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { childEnded, forkModule } from '../../core/child-process.js';
import type { Config } from '../../core/config.js';
import type { Logger } from '../../core/log.js';
import { PrioraError, type ErrorCode, type ErrorSubject } from '../../core/errors.js';
import type { JobHandler } from '../queue/runner.js';
import type { CaseStatus } from '../../store/store.js';
import type { Stage } from '../../model/case-result.js';

export type CaseRequest =
  { type: 'start'; config: Config } | { type: 'analyse'; StudyInstanceUID: string } | { type: 'stop' };

export type CaseMessage =
  | { type: 'ready'; provider: 'cpu' | 'cuda' }
  | { type: 'stage'; stage: Stage; fraction: number | null }
  | { type: 'done'; caseKey: number; status: CaseStatus; code: string | null }
  | { type: 'failed'; code: ErrorCode; message: string; subject: ErrorSubject };

/** Heap ceiling of the process that computes cases; volumes lie outside the heap and take a few hundred megabytes. */
const heapLimitMb = 2048;
const residentLimitMb = 4096;

/** The parent's side of `case-process.ts`. One case at a time; a process that has died is replaced by the next call. */
export class CaseWorker {
  private child: ChildProcess | undefined;
  /** What the networks run on; known once started. */
  provider: 'cpu' | 'cuda' | undefined;

  private constructor(private readonly config: Config) {}

  /** @throws PrioraError MODEL_INVALID, PROVIDER_UNAVAILABLE, CONFIG_INVALID: what must stop a node on start-up. */
  static async start(config: Config): Promise<CaseWorker> {
    const worker = new CaseWorker(config);
    await worker.startChild();
    return worker;
  }

  /** @throws PrioraError whatever the pipeline throws; CHILD_DIED, MEMORY_EXCEEDED; CANCELLED if `signal` aborts. */
  async analyse(
    StudyInstanceUID: string,
    hooks: { onStage?: (stage: Stage, fraction: number | null) => void; signal?: AbortSignal } = {},
  ): Promise<Extract<CaseMessage, { type: 'done' }>> {
    if (!this.child) await this.startChild();
    return this.request({ type: 'analyse', StudyInstanceUID }, 'done', hooks);
  }

  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private async startChild(): Promise<void> {
    const child = forkModule(new URL('./case-process.js', import.meta.url), {
      memoryLimitMb: heapLimitMb,
      residentLimitMb,
    });
    this.child = child;
    // It and its own children yield the processor to the process that answers senders.
    setPriority(child.pid!, constants.priority.PRIORITY_BELOW_NORMAL);
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    try {
      this.provider = (await this.request({ type: 'start', config: this.config }, 'ready')).provider;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private async request<Type extends 'ready' | 'done'>(
    request: CaseRequest,
    expected: Type,
    { onStage, signal }: { onStage?: (stage: Stage, fraction: number | null) => void; signal?: AbortSignal } = {},
  ): Promise<Extract<CaseMessage, { type: Type }>> {
    const child = this.child!;
    const listening = new AbortController();
    // Between stages the process stops by itself; its own children are stopped with it.
    signal?.addEventListener('abort', () => child.send({ type: 'stop' } satisfies CaseRequest), {
      signal: listening.signal,
    });
    try {
      return await new Promise((resolve, reject) => {
        const exited = (code: number | null, killedBy: NodeJS.Signals | null) =>
          reject(childEnded(child, 'the case process', code, killedBy));
        const answered = (message: CaseMessage) => {
          if (message.type === 'stage') onStage?.(message.stage, message.fraction);
          else if (message.type === 'failed')
            reject(new PrioraError(message.code, message.message, { subject: message.subject }));
          else if (message.type === expected) resolve(message as Extract<CaseMessage, { type: Type }>);
        };
        child.on('exit', exited).on('message', answered);
        listening.signal.addEventListener('abort', () => child.off('exit', exited).off('message', answered));
        child.send(request);
        if (signal?.aborted) child.send({ type: 'stop' } satisfies CaseRequest);
      });
    } finally {
      listening.abort();
    }
  }
}

/** Handler of the jobs that analyse a study: the worker computes the case, the job says how far it is. */
export function analysisHandler(worker: CaseWorker, logger: Logger): JobHandler<'analyse'> {
  return async ({ StudyInstanceUID }, { signal, setStage }) => {
    const log = logger.child({ StudyInstanceUID });
    const { status, code } = await worker.analyse(StudyInstanceUID, {
      signal,
      onStage: (stage, fraction) => {
        setStage(fraction === null ? stage : `${stage} ${Math.round(fraction * 100)} %`);
        if (fraction === null) log.info({ stage }, 'stage');
      },
    });
    // The reason may quote the header; `priora status` and `explain` tell it.
    log[status === 'reported' ? 'info' : 'warn']({ status, code }, 'case finished');
  };
}
