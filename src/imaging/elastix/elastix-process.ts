/**
 * The one door to elastix (WASM). Its `run` holds the event loop and its heap never shrinks, so it lives in a child
 * that ends after one registration.
 */
import { elastixNode } from '@itk-wasm/elastix';
import { answerParent, type SingleCall } from '../../core/child-process.js';
import { spacingMm, type Volume } from '../volume.js';
import type { ParameterMap } from './parameter-map.js';

export interface ElastixRequest {
  fixed: Volume;
  moving: Volume;
  stages: ParameterMap[];
}

export interface ElastixAnswer {
  /** One per stage, in order, each without the ones before it. */
  transformParameters: ParameterMap[];
  /** The child's peak resident memory, WASM heap included. */
  peakRssMb: number;
  /** Processor time the child took, including its start. */
  cpuSeconds: number;
}

type ItkImage = NonNullable<NonNullable<Parameters<typeof elastixNode>[1]>['fixed']>;

function itkImage(volume: Volume): ItkImage {
  const m = volume.patientFromVoxel;
  const spacing = spacingMm(volume);
  return {
    imageType: { dimension: 3, componentType: 'float32', pixelType: 'Scalar', components: 1 },
    name: 'image',
    size: [...volume.shape],
    spacing: [...spacing],
    origin: [m[3], m[7], m[11]],
    direction: Float64Array.from([0, 1, 2].flatMap((row) => spacing.map((mm, axis) => m[row * 4 + axis] / mm))),
    // A copy: what comes through the pipe may be a view into the whole message, and itk-wasm takes the view's whole
    // buffer.
    data: volume.voxels.slice(),
    metadata: new Map(),
  };
}

async function register({ fixed, moving, stages }: ElastixRequest): Promise<ElastixAnswer> {
  const { transformParameterObject } = await elastixNode(stages, { fixed: itkImage(fixed), moving: itkImage(moving) });
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    transformParameters: transformParameterObject as ParameterMap[],
    peakRssMb: Math.round(maxRSS / 1024),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  };
}

answerParent<SingleCall<ElastixRequest, ElastixAnswer>>({ run: register });
