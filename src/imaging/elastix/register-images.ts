import { callInChild } from '../../core/child-process.js';
import { PrioraError } from '../../core/errors.js';
import { identityAffine, multiplyAffine, type Affine } from '../affine.js';
import type { Volume } from '../volume.js';
import type { ElastixAnswer, ElastixRequest } from './elastix-process.js';
import type { ParameterMap } from './parameter-map.js';
import { parseTransform, type StageTransform } from './transform.js';

export interface RegisteredImages {
  /** One per stage, the first applied first; the initial transform is the first of them. */
  transforms: StageTransform[];
  /** Peak resident memory of the elastix process. */
  peakRssMb: number;
  /** Processor time of the elastix process. */
  cpuSeconds: number;
}

/**
 * Runs elastix in a child process: a few stages, each starting where the one before ended. It returns transforms, not
 * images; callers resample once, from the source, themselves. Equal inputs give equal transforms.
 *
 * @param initial rigid start, `fixed patient space → moving patient space`.
 * @throws PrioraError REGISTRATION_FAILED (elastix refused, e.g. no overlap), CHILD_DIED, CANCELLED.
 */
export async function registerImages(request: {
  fixed: Volume;
  moving: Volume;
  stages: ParameterMap[];
  initial?: Affine;
  signal?: AbortSignal;
}): Promise<RegisteredImages> {
  const { moving, stages, initial = identityAffine, signal } = request;
  // The header of the fixed image carries the rigid start: elastix then begins at the identity, whatever its stages
  // are.
  const fixed: Volume = {
    shape: request.fixed.shape,
    patientFromVoxel: multiplyAffine(initial, request.fixed.patientFromVoxel),
    voxels: request.fixed.voxels,
  };
  let answer: ElastixAnswer;
  try {
    answer = await callInChild<ElastixRequest, ElastixAnswer>(
      new URL('./elastix-process.js', import.meta.url),
      { fixed, moving, stages },
      signal ? { signal } : {},
    );
  } catch (error) {
    if (error instanceof PrioraError) throw error;
    throw new PrioraError('REGISTRATION_FAILED', `elastix: ${firstReason(error)}`, { cause: error });
  }
  return {
    transforms: [
      { kind: 'affine', movingFromFixed: initial },
      ...answer.transformParameters.map((map) => parseTransform(map)),
    ],
    peakRssMb: answer.peakRssMb,
    cpuSeconds: answer.cpuSeconds,
  };
}

/** elastix prints its whole configuration with an error; the reason is the line that says "ERROR" or "Description". */
function firstReason(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n').map((line) => line.trim());
  return (lines.find((line) => /error|description/i.test(line)) ?? lines[0] ?? 'no reason given').slice(0, 300);
}
