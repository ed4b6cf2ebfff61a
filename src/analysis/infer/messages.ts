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

/** Opens the networks. */
export interface StartRequest {
  readonly models: EnsembleModels;
  readonly provider: Provider;
  readonly threads: number;
  readonly screen: ScreenUse;
  /** Ceiling of the process's resident size. */
  readonly memoryLimitMb: number;
}

/** Runs both networks over the region. */
export interface RunRequest extends NetworkInput {
  readonly region: LabelMap;
}

export interface RunAnswer {
  readonly probabilities: Record<Role, Float32Array>;
  /** Number of voxels for which the exact M_sens ran. */
  readonly exactVoxels: number;
  readonly rssBytes: number;
}

/** What the inference process can be asked: to start, once, and then to run. Progress is the fraction done. */
export type OnnxCalls = {
  readonly start: { readonly argument: StartRequest; readonly result: Execution };
  readonly run: { readonly argument: RunRequest; readonly result: RunAnswer; readonly progress: number };
};
