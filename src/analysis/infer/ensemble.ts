import type { ChildProcess } from 'node:child_process';
import { childEnded, forkModule } from '../../core/child-process.js';
import { asPrioraError, PrioraError, type ErrorCode } from '../../core/errors.js';
import type { LabelMap, NetworkImage, Volume } from '../../imaging/volume.js';
import { verifyModels, type EnsembleModels, type Role } from './manifest.js';
import type { Execution, OnnxMessage, OnnxRequest, Provider, ScreenUse } from './messages.js';

export interface EnsembleOptions {
  readonly provider: Provider;
  /** Threads per network run. */
  readonly threads: number;
  /** Ceiling of the inference process; boxes are sized for it, and a process that has grown past it is replaced. */
  readonly memoryLimitMb: number;
  /** Which 8-bit screens decide where the exact networks run [those that were validated]. */
  readonly screen?: ScreenUse;
}

export interface EnsembleInput {
  /** Normalised current image on the template grid. */
  readonly current: NetworkImage;
  /** Normalised prior, registered, on the same grid; null = no prior, and the networks see the missing-prior value. */
  readonly prior: NetworkImage | null;
  /** Where probabilities are wanted: the brain. */
  readonly region: LabelMap;
}

/** Probability of metastasis per voxel, on the input's grid, zero outside the region; one volume per network. */
export type Probabilities = Readonly<Record<Role, Volume>>;

/**
 * Boxes are planned for the limit; if the process needs this much more, the plan was wrong, and the process is killed.
 */
const excess = 1.5;
/**
 * glibc gives large blocks back to the system at once, so that each layer has to map its pages again. Here it keeps
 * them, so that all sessions share one heap as large as the largest run; without this a run takes half as long again.
 */
const heapEnvironment = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '4000000000' };

/**
 * M_sens and M_spec (Huang 2021, II.D) in one long-lived child process.
 *
 * There is one run at a time; a child that has died or grown past the memory limit is replaced by the next run. A run
 * that exceeds the ceiling in a child that has run before is retried in a fresh one, since the fragmented heap is not
 * the fault of the case.
 */
export class Ensemble {
  private child: ChildProcess | undefined;
  /** What the networks run on; known once started. */
  execution: Execution | undefined;
  /** Resident size of the inference process at the end of its last run; 0 before the first. */
  residentBytes = 0;
  /** Number of voxels for which the exact M_sens ran in the last run. */
  exactVoxels = 0;

  private constructor(
    readonly models: EnsembleModels,
    private readonly options: EnsembleOptions,
  ) {}

  /**
   * Starts the inference process, so that a missing GPU or a broken model is noticed before the first patient.
   *
   * @throws PrioraError PROVIDER_UNAVAILABLE if CUDA was asked for and cannot be used; MODEL_INVALID.
   */
  static async start(models: EnsembleModels, options: EnsembleOptions): Promise<Ensemble> {
    const ensemble = new Ensemble(models, options);
    await ensemble.startChild();
    return ensemble;
  }

  /**
   * Runs both networks over the region.
   *
   * @throws PrioraError CANCELLED if `signal` aborts; CHILD_DIED; MEMORY_EXCEEDED; INTERNAL with the runtime's message.
   */
  async run(
    input: EnsembleInput,
    hooks: { onProgress?: (fraction: number) => void; signal?: AbortSignal } = {},
  ): Promise<Probabilities> {
    if (!this.child) await this.startChild();
    const { preprocessing } = this.models.sensitivity.manifest;
    const { missingPriorValue } = preprocessing;
    const compute = () => this.request({ type: 'run', ...input, missingPriorValue }, 'done', 'INTERNAL', hooks);
    const answer = await compute().catch(async (error: unknown) => {
      if (asPrioraError(error).code !== 'MEMORY_EXCEEDED' || this.residentBytes === 0) throw error;
      await this.startChild();
      return compute();
    });
    this.residentBytes = answer.rssBytes;
    this.exactVoxels = answer.exactVoxels;
    if (answer.rssBytes > this.options.memoryLimitMb * 1e6) this.close();
    const { shape, patientFromVoxel } = input.current;
    return {
      sensitivity: { shape, patientFromVoxel, voxels: answer.probabilities.sensitivity },
      specificity: { shape, patientFromVoxel, voxels: answer.probabilities.specificity },
    };
  }

  /** Ends the inference process. */
  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private async startChild(): Promise<void> {
    // The process opens them by name, also after a restart: reports name the weights that were loaded.
    await verifyModels(this.models);
    const child = forkModule(new URL('./onnx-process.js', import.meta.url), {
      residentLimitMb: Math.round(excess * this.options.memoryLimitMb),
      env: heapEnvironment,
    });
    this.child = child;
    this.residentBytes = 0;
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    const { provider, threads, memoryLimitMb, screen = 'validated' } = this.options;
    const refused: ErrorCode = provider === 'cuda' ? 'PROVIDER_UNAVAILABLE' : 'MODEL_INVALID';
    try {
      const request = { type: 'start', models: this.models, provider, threads, memoryLimitMb, screen } as const;
      this.execution = (await this.request(request, 'started', refused)).execution;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private async request<Type extends OnnxMessage['type']>(
    request: OnnxRequest,
    expected: Type,
    failure: ErrorCode,
    hooks: { onProgress?: (fraction: number) => void; signal?: AbortSignal } = {},
  ): Promise<Extract<OnnxMessage, { type: Type }>> {
    const child = this.child!;
    const { onProgress, signal } = hooks;
    const cancelled = () => new PrioraError('CANCELLED', 'inference was stopped');
    if (signal?.aborted) throw cancelled();
    const stop = () => child.kill('SIGKILL');
    const listening = new AbortController();
    signal?.addEventListener('abort', stop, { signal: listening.signal });
    try {
      return await new Promise((resolve, reject) => {
        const exited = (code: number | null, killedBy: NodeJS.Signals | null) =>
          reject(signal?.aborted ? cancelled() : childEnded(child, 'the inference process', code, killedBy));
        const answered = (message: OnnxMessage) => {
          if (message.type === 'progress') onProgress?.(message.fraction);
          else if (message.type === 'failed') reject(new PrioraError(failure, `ONNX Runtime: ${message.message}`));
          else if (message.type === expected) resolve(message as Extract<OnnxMessage, { type: Type }>);
        };
        child.on('exit', exited).on('message', answered);
        listening.signal.addEventListener('abort', () => child.off('exit', exited).off('message', answered));
        child.send(request);
      });
    } finally {
      listening.abort();
    }
  }
}
