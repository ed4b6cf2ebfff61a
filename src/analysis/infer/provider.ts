import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Provider } from './messages.js';

/** What is known about CUDA on this machine. */
export interface CudaEvidence {
  /** Whether the kernel driver is present. */
  readonly driver: boolean;
  /**
   * The largest difference of a probability between CUDA and CPU on the test box; null: ONNX Runtime could not load its
   * CUDA library, which it hides by running on the CPU.
   */
  readonly difference: number | null;
}

/** The largest difference of a probability that rounding explains. */
const largestDifference = 1e-3;

/**
 * Decides what the networks run on.
 *
 * @throws Error if CUDA was asked for and cannot be used, or computes something else.
 */
export function chooseProvider(asked: Provider, cuda: CudaEvidence): 'cpu' | 'cuda' {
  if (asked === 'cpu') return 'cpu';
  const refusal = !cuda.driver
    ? 'no CUDA driver on this machine'
    : cuda.difference === null
      ? "ONNX Runtime's CUDA provider library could not be loaded"
      : !(cuda.difference <= largestDifference)
        ? `CUDA and CPU differ by ${cuda.difference} on the test box, more than ${largestDifference}`
        : null;
  if (refusal === null) return 'cuda';
  if (asked === 'cuda') throw new Error(refusal);
  return 'cpu';
}

export function hasCudaDriver(): boolean {
  try {
    readFileSync('/proc/driver/nvidia/version');
    return true;
  } catch {
    return false;
  }
}

/** Whether ONNX Runtime's CUDA library is loaded into this process, after a session that asked for it was made. */
export const cudaLibraryLoaded = (): boolean =>
  readFileSync('/proc/self/maps', 'utf8').includes('libonnxruntime_providers_cuda');

/** Free memory of the first card, bytes; null if the driver's tool does not say. */
export function freeCardMemory(): number | null {
  try {
    const answer = execFileSync('nvidia-smi', ['--query-gpu=memory.free', '--format=csv,noheader,nounits', '--id=0']);
    const mebibytes = Number(answer.toString().trim());
    return mebibytes > 0 ? mebibytes * 2 ** 20 : null;
  } catch {
    return null;
  }
}
