import type { LabelMap } from '../../imaging/volume.js';
import type { EnsembleModels, Role } from './manifest.js';
import type { NetworkInput } from './network.js';

export type Provider = 'auto' | 'cpu' | 'cuda';

/** `always` is for validation. */
export type ScreenUse = 'never' | 'validated' | 'always';

/** How a run was carried out. */
export interface Execution {
  readonly provider: 'cpu' | 'cuda';
  /** Whether 8-bit screens decide where the exact networks run. */
  readonly screened: boolean;
}

/** Opens the networks; answered by `started` or `failed`. */
export interface StartRequest {
  readonly type: 'start';
  readonly models: EnsembleModels;
  readonly provider: Provider;
  readonly threads: number;
  readonly screen: ScreenUse;
  /** Ceiling of the process's resident size. */
  readonly memoryLimitMb: number;
}

/** Runs both networks over the region; answered by `progress`… and `done`, or `failed`. */
export interface RunRequest extends NetworkInput {
  readonly type: 'run';
  readonly region: LabelMap;
}

export type OnnxRequest = StartRequest | RunRequest;

export type OnnxMessage =
  | { type: 'started'; execution: Execution }
  | { type: 'progress'; fraction: number }
  | {
      type: 'done';
      probabilities: Record<Role, Float32Array>;
      /** Number of voxels for which the exact M_sens ran. */
      exactVoxels: number;
      rssBytes: number;
    }
  | { type: 'failed'; message: string };
