import type { Phase } from './tube.js';

/** Something that takes up contrast and fills voxels of the source's grid: a sinus, a sheet of dura, mucosa. */
export interface EnhancingPart {
  readonly phase: Phase;
  /** Voxels it touches. */
  readonly indices: Uint32Array;
  /** How much of each it fills, 0–1. */
  readonly cover: Float32Array;
  /** Its signal in each, white matter = 1, at a contrast timing of 1. */
  readonly signal: Float32Array;
}

/** Lays enhancing parts over the tissue beneath, as a scan's contrast timing shows them. */
export function withEnhancement(
  tissue: Float32Array,
  parts: readonly EnhancingPart[],
  gain: Readonly<Record<Phase, number>>,
): Float32Array {
  if (parts.length === 0) return tissue;
  const enhanced = tissue.slice();
  for (const { phase, indices, cover, signal } of parts)
    for (let n = 0; n < indices.length; n++) {
      const index = indices[n];
      enhanced[index] += cover[n] * (1 + (signal[n] - 1) * gain[phase] - enhanced[index]);
    }
  return enhanced;
}
