import { performance } from 'node:perf_hooks';
import { PrioraError } from '../../core/errors.js';
import type { Stage } from '../../model/case-result.js';

export interface StageHooks {
  /** A stage began, or has reached this fraction of itself. */
  readonly onStage?: ((stage: Stage, fraction?: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The signal as an option for whatever can be stopped. */
export const stopOn = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal ? { signal } : {});

/** Runs the stages of one case one after the other, and records how long each took. */
export class StageTimer {
  readonly seconds: Partial<Record<Stage, number>> = {};

  constructor(private readonly hooks: StageHooks) {}

  /** Aborts when the case is to stop. */
  get signal(): AbortSignal | undefined {
    return this.hooks.signal;
  }

  isDone(stage: Stage): boolean {
    return this.seconds[stage] !== undefined;
  }

  /** @throws PrioraError CANCELLED if the case was stopped before the stage began. */
  async run<T>(stage: Stage, work: (progress: (fraction: number) => void) => T | Promise<T>): Promise<T> {
    if (this.hooks.signal?.aborted) throw new PrioraError('CANCELLED', `stopped before ${stage}`);
    this.hooks.onStage?.(stage);
    const start = performance.now();
    const result = await work((fraction) => this.hooks.onStage?.(stage, fraction));
    this.seconds[stage] = Math.round(performance.now() - start) / 1000;
    return result;
  }
}
