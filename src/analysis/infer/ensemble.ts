import { Child } from '../../core/child-process.js';
import { asPrioraError, PrioraError, type ErrorCode } from '../../core/errors.js';
import type { LabelMap, NetworkImage, Volume } from '../../imaging/volume.js';
import { verifyModels, type EnsembleModels, type Role } from './manifest.js';
import type { Execution, OnnxCalls, Provider, ScreenUse } from './messages.js';

export interface EnsembleOptions {
  readonly provider: Provider;
  /** Threads per network run. */
  readonly threads: number;
  /** Ceiling of the inference process; boxes are sized for it, and a process that has grown past it is replaced. */
  readonly memoryLimitMb: number;
  /** Which 8-bit screens decide where the exact networks run [those that were validated]. */
  readonly screen?: ScreenUse;
  /** How long without a run the process keeps its networks and memory, ms [for ever]. */
  readonly quietMs?: number;
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
 * There is one run at a time; a child that has died, has grown past the memory limit or was ended in a quiet time is
 * replaced by the next run. A run
 * that exceeds the ceiling in a child that has run before is retried in a fresh one, since the fragmented heap is not
 * the fault of the case.
 */
export class Ensemble {
  private child: Child<OnnxCalls> | undefined;
  private quiet: NodeJS.Timeout | undefined;
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
    ensemble.closeWhenQuiet();
    return ensemble;
  }

  /**
   * Runs both networks over the region.
   *
   * @throws PrioraError CANCELLED if `signal` aborts; CHILD_DIED, CHILD_KILLED, MEMORY_EXCEEDED; INTERNAL with the
   *   runtime's message.
   */
  async run(
    input: EnsembleInput,
    hooks: { onProgress?: (fraction: number) => void; signal?: AbortSignal } = {},
  ): Promise<Probabilities> {
    clearTimeout(this.quiet);
    if (!this.child?.isAlive) await this.startChild();
    const { missingPriorValue } = this.models.sensitivity.manifest.preprocessing;
    const compute = () => this.child!.call('run', { ...input, missingPriorValue }, hooks).catch(named('INTERNAL'));
    const answer = await compute()
      .catch(async (error: unknown) => {
        if (asPrioraError(error).code !== 'MEMORY_EXCEEDED' || this.residentBytes === 0) throw error;
        await this.startChild();
        return compute();
      })
      .finally(() => this.closeWhenQuiet());
    this.residentBytes = answer.rssBytes;
    this.exactVoxels = answer.exactVoxels;
    if (answer.rssBytes > this.options.memoryLimitMb * 1e6) this.close();
    const { shape, patientFromVoxel } = input.current;
    return {
      sensitivity: { shape, patientFromVoxel, voxels: answer.probabilities.sensitivity },
      specificity: { shape, patientFromVoxel, voxels: answer.probabilities.specificity },
    };
  }

  /** Whether the networks are in memory; the next run loads them where they are not. */
  get isLoaded(): boolean {
    return this.child?.isAlive ?? false;
  }

  /** Ends the inference process. */
  close(): void {
    clearTimeout(this.quiet);
    this.child?.kill();
    this.child = undefined;
  }

  private closeWhenQuiet(): void {
    const { quietMs } = this.options;
    if (quietMs !== undefined) this.quiet = setTimeout(() => this.close(), quietMs).unref();
  }

  private async startChild(): Promise<void> {
    // The process opens them by name, also when it is started again: reports name the weights that were loaded.
    await verifyModels(this.models);
    const { provider, threads, memoryLimitMb, screen = 'validated' } = this.options;
    const child = new Child<OnnxCalls>(new URL('./onnx-process.js', import.meta.url), {
      name: 'the inference process',
      residentLimitMb: Math.round(excess * memoryLimitMb),
      env: heapEnvironment,
    });
    this.child = child;
    this.residentBytes = 0;
    try {
      this.execution = await child
        .call('start', { models: this.models, provider, threads, memoryLimitMb, screen })
        .catch(named(provider === 'cuda' ? 'PROVIDER_UNAVAILABLE' : 'MODEL_INVALID'));
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/** Names an error of ONNX Runtime's own. */
const named = (code: ErrorCode) => (thrown: unknown) => {
  if (thrown instanceof PrioraError) throw thrown;
  throw new PrioraError(code, `ONNX Runtime: ${(thrown as Error).message}`, { cause: thrown });
};
