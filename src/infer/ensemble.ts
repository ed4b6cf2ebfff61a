import type { ChildProcess } from 'node:child_process';
import { childEnded, forkModule } from '../core/child-process.js';
import { PrioraError, type ErrorCode } from '../core/errors.js';
import type { LabelMap, NetworkImage, Volume } from '../volume/volume.js';
import type { EnsembleModels, Manifest, Role } from './manifest.js';
import type { OnnxMessage, OnnxRequest, Provider } from './messages.js';
import { planTiles } from './tiles.js';

export interface EnsembleOptions {
  readonly provider: Provider;
  /** Threads of one network run. */
  readonly threads: number;
  /** Ceiling of the inference process; tiles are made small enough, and a process that grew past it is replaced. */
  readonly memoryLimitMb: number;
}

export interface EnsembleInput {
  /** Normalised current image on the template grid. */
  readonly current: NetworkImage;
  /** Normalised prior, registered, on the same grid; null = no prior, the networks see the missing-prior value. */
  readonly prior: NetworkImage | null;
  /** Where probabilities are wanted: the brain. */
  readonly region: LabelMap;
}

/** Probability of metastasis a voxel, on the input's grid, zero outside the region; one volume a network. */
export type Probabilities = Readonly<Record<Role, Volume>>;

/** Resident size of the inference process before the first tile, measured with both compact networks. */
const baseMemoryMb = 350;
/** Tiles are planned for the limit; past this much more of it the plan was wrong, and the process is ended. */
const excess = 1.5;

/**
 * M_sens and M_spec (Huang 2021, II.D) in one long-lived child process.
 * One run at a time; a child that died or grew past the memory limit is replaced by the next run.
 */
export class Ensemble {
  private child: ChildProcess | undefined;
  /** What the networks run on; known once started. */
  provider: 'cpu' | 'cuda' | undefined;

  private constructor(
    readonly models: EnsembleModels,
    private readonly options: EnsembleOptions,
  ) {}

  /**
   * Starts the inference process, so that a missing GPU or a broken model is known before the first patient.
   *
   * @throws PrioraError PROVIDER_UNAVAILABLE when CUDA was asked for and cannot be used; MODEL_INVALID.
   */
  static async start(models: EnsembleModels, options: EnsembleOptions): Promise<Ensemble> {
    const ensemble = new Ensemble(models, options);
    await ensemble.startChild();
    return ensemble;
  }

  /**
   * Runs both networks over the region.
   *
   * @throws PrioraError CANCELLED when `signal` aborts; CHILD_DIED; INTERNAL with the runtime's message.
   */
  async run(
    input: EnsembleInput,
    hooks: { onProgress?: (fraction: number) => void; signal?: AbortSignal } = {},
  ): Promise<Probabilities> {
    if (!this.child) await this.startChild();
    const { preprocessing } = this.models.sensitivity.manifest;
    const tiles = planTiles(input.region, this.maximumInputVoxels());
    const answer = await this.request(
      {
        type: 'run',
        ...input,
        tiles,
        missingPriorValue: preprocessing.missingPriorValue,
      },
      'done',
      'INTERNAL',
      hooks,
    );
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
    const child = forkModule(new URL('./onnx-process.js', import.meta.url), {
      residentLimitMb: Math.round(excess * this.options.memoryLimitMb),
    });
    this.child = child;
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    const { provider, threads } = this.options;
    const refused: ErrorCode = provider === 'cuda' ? 'PROVIDER_UNAVAILABLE' : 'MODEL_INVALID';
    try {
      const request = { type: 'start', models: this.models, provider, threads } as const;
      this.provider = (await this.request(request, 'started', refused)).provider;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The largest tile input whose activations fit under the memory limit. */
  private maximumInputVoxels(): number {
    const bytesPerVoxel = Math.max(...Object.values(this.models).map(({ manifest }) => activationBytes(manifest)));
    return ((this.options.memoryLimitMb - baseMemoryMb) * 1e6) / bytesPerVoxel;
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
          if (message.type === 'progress') onProgress?.(message.done / message.total);
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

/** What ONNX Runtime's arena holds of the live activations: 3.9 GB measured where they sum to 2.4 GB. */
const arenaShare = 1.65;

/**
 * Bytes of memory an input voxel costs at the peak: the two largest neighbouring layers of one path are alive, and
 * with them the finished outputs of the other paths, which the classifier concatenates.
 */
function activationBytes({ widths, classifierWidths }: Manifest): number {
  const layers = widths.slice(1).map((width, index) => width + 2 * widths[index]);
  const concatenated = 4 * widths.at(-1)! + Math.max(...classifierWidths, 0) * 2;
  return arenaShare * 4 * Math.max(...layers.map((layer) => layer + 2 * widths.at(-1)!), concatenated * 1.5);
}
