import type { Execution } from '../../analysis/infer/messages.js';
import { Child, type CallOptions } from '../../core/child-process.js';
import type { Config } from '../../core/config.js';
import type { Logger } from '../../core/log.js';
import type { Stage } from '../../model/case-result.js';
import type { CaseRow } from '../../store/store.js';
import type { JobHandler } from '../queue/runner.js';

/** What the case process can be asked: to start, once, and then to analyse studies. */
export type CaseCalls = {
  readonly start: { readonly argument: Config; readonly result: Pick<Execution, 'provider'> };
  readonly analyse: {
    readonly argument: string;
    readonly result: Pick<CaseRow, 'caseKey' | 'status' | 'code'>;
    /** `fraction` is null where a stage begins. */
    readonly progress: { readonly stage: Stage; readonly fraction: number | null };
  };
};

/** Heap ceiling of the process that computes cases; volumes lie outside the heap and take a few hundred megabytes. */
const heapLimitMb = 2048;
const residentLimitMb = 4096;

/** The parent's side of `case-process.ts`. One case at a time; a process that has died is replaced by the next call. */
export class CaseWorker {
  private child: Child<CaseCalls> | undefined;
  /** What the networks run on; known once started. */
  provider: Execution['provider'] | undefined;

  private constructor(private readonly config: Config) {}

  /** @throws PrioraError MODEL_INVALID, PROVIDER_UNAVAILABLE, CONFIG_INVALID: what must stop a node on start-up. */
  static async start(config: Config): Promise<CaseWorker> {
    const worker = new CaseWorker(config);
    await worker.startChild();
    return worker;
  }

  /** @throws PrioraError whatever the pipeline throws; CHILD_DIED, CHILD_KILLED, MEMORY_EXCEEDED; CANCELLED if `signal` aborts. */
  async analyse(
    StudyInstanceUID: string,
    options: CallOptions<CaseCalls['analyse']['progress']> = {},
  ): Promise<CaseCalls['analyse']['result']> {
    if (!this.child?.isAlive) await this.startChild();
    return this.child!.call('analyse', StudyInstanceUID, options);
  }

  close(): void {
    this.child?.kill();
    this.child = undefined;
  }

  private async startChild(): Promise<void> {
    const child = new Child<CaseCalls>(new URL('./case-process.js', import.meta.url), {
      name: 'the case process',
      memoryLimitMb: heapLimitMb,
      residentLimitMb,
      // The process that answers senders goes first.
      yieldsProcessor: true,
      // Between stages; its own children are stopped with it.
      stopsItself: true,
    });
    this.child = child;
    try {
      this.provider = (await child.call('start', this.config)).provider;
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/** Handler of the jobs that analyse a study: the worker computes the case, the job says how far it is. */
export function analysisHandler(worker: CaseWorker, logger: Logger): JobHandler<'analyse'> {
  return async ({ StudyInstanceUID }, { signal, setStage }) => {
    const log = logger.child({ StudyInstanceUID });
    const { status, code } = await worker.analyse(StudyInstanceUID, {
      signal,
      onProgress: ({ stage, fraction }) => {
        setStage(fraction === null ? stage : `${stage} ${Math.round(fraction * 100)} %`);
        if (fraction === null) log.info({ stage }, 'stage');
      },
    });
    // The reason may quote the header; `priora status` and `explain` tell it.
    log[status === 'reported' ? 'info' : 'warn']({ status, code }, 'case finished');
  };
}
