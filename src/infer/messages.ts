import type { LabelMap, NetworkImage } from '../volume/volume.js';
import type { EnsembleModels, Role } from './manifest.js';
import type { Tile } from './tiles.js';

export type Provider = 'auto' | 'cpu' | 'cuda';

/** Opens both sessions; answered by `started` or `failed`. */
export interface StartRequest {
  readonly type: 'start';
  readonly models: EnsembleModels;
  readonly provider: Provider;
  readonly threads: number;
}

/** Runs both networks over the tiles; answered by `progress`… and `done`, or `failed`. */
export interface RunRequest {
  readonly type: 'run';
  /** Normalised images on the template grid. */
  readonly current: NetworkImage;
  readonly prior: NetworkImage | null;
  readonly region: LabelMap;
  readonly tiles: readonly Tile[];
  readonly missingPriorValue: number;
}

export type OnnxRequest = StartRequest | RunRequest;

export type OnnxMessage =
  | { type: 'started'; provider: 'cpu' | 'cuda' }
  | { type: 'progress'; done: number; total: number }
  | { type: 'done'; probabilities: Record<Role, Float32Array>; rssBytes: number }
  | { type: 'failed'; message: string };
