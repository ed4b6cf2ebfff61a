import { availableParallelism } from 'node:os';
import type { Config } from '../../core/config.js';
import { Ensemble } from './ensemble.js';
import { loadModels } from './manifest.js';

/**
 * The configured ensemble, started.
 *
 * @throws PrioraError MODEL_INVALID, PROVIDER_UNAVAILABLE
 */
export async function startEnsemble({ modelsDir, inference }: Config): Promise<Ensemble> {
  return Ensemble.start(await loadModels(modelsDir), {
    provider: inference.provider,
    threads: inference.threads || availableParallelism(),
    memoryLimitMb: inference.memoryLimitMb,
    quietMs: inference.keepLoadedSeconds * 1000,
  });
}
