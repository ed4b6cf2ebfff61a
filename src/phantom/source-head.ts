import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invertAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { readNifti } from '../imaging/nifti.js';
import type { Volume } from '../imaging/volume.js';

/**
 * The head phantoms are made from: a T1 image and its brain mask on one grid, standing in MNI space (where the
 * vessels' waypoints are given), with the typical intensities of its tissues.
 */
export interface SourceHead {
  readonly image: Volume;
  /** 1 inside the brain, 0 outside; same grid as `image`. */
  readonly brain: Uint8Array;
  readonly voxelFromSource: Affine;
  readonly levels: { readonly csf: number; readonly grey: number; readonly white: number };
}

export const colin27Folder = fileURLToPath(new URL('../../assets/colin27', import.meta.url));

/** Three-class k-means over the brain's intensity histogram. */
function tissueLevels(voxels: Float32Array, brain: Uint8Array): SourceHead['levels'] {
  const sorted = voxels.filter((_, index) => brain[index]).sort();
  let centres = [0.01, 0.4, 0.85].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  for (let iteration = 0; iteration < 30; iteration++) {
    const sums = [0, 0, 0];
    const counts = [0, 0, 0];
    for (let index = 0; index < sorted.length; index += 7) {
      const value = sorted[index];
      const nearest = value < (centres[0] + centres[1]) / 2 ? 0 : value < (centres[1] + centres[2]) / 2 ? 1 : 2;
      sums[nearest] += value;
      counts[nearest]++;
    }
    centres = centres.map((centre, index) => (counts[index] ? sums[index] / counts[index] : centre));
  }
  return { csf: centres[0], grey: centres[1], white: centres[2] };
}

/**
 * Reads `head.nii.gz` and `brain-mask.nii.gz` of a folder; both must share one grid.
 *
 * @param folder a head roughly in MNI space; the default is Colin27.
 * @throws Error when a file is missing, unreadable, or the grids differ.
 */
export async function loadSourceHead(folder = colin27Folder): Promise<SourceHead> {
  const image = await readNifti(join(folder, 'head.nii.gz'));
  const mask = await readNifti(join(folder, 'brain-mask.nii.gz'));
  if (mask.shape.join() !== image.shape.join()) throw new Error(`${folder}: head and brain mask differ in shape`);
  const brain = new Uint8Array(mask.voxels.length);
  for (let index = 0; index < brain.length; index++) brain[index] = mask.voxels[index] > 0.5 ? 1 : 0;
  return {
    image,
    brain,
    voxelFromSource: invertAffine(image.patientFromVoxel),
    levels: tissueLevels(image.voxels, brain),
  };
}

/** Index of the voxel nearest to a point of the source space, or −1 outside the image. */
export function voxelIndexAt({ image, voxelFromSource: m }: SourceHead, [x, y, z]: Vector3): number {
  const [nx, ny, nz] = image.shape;
  const i = Math.round(m[0] * x + m[1] * y + m[2] * z + m[3]);
  const j = Math.round(m[4] * x + m[5] * y + m[6] * z + m[7]);
  const k = Math.round(m[8] * x + m[9] * y + m[10] * z + m[11]);
  return i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? -1 : i + nx * (j + ny * k);
}

/** Whether a point of the source space lies in the brain mask. */
export function isBrain(head: SourceHead, point: Vector3): boolean {
  const index = voxelIndexAt(head, point);
  return index >= 0 && head.brain[index] === 1;
}

/** The image's value at a point (nearest voxel), 0 outside. */
export function intensityAt(head: SourceHead, point: Vector3): number {
  const index = voxelIndexAt(head, point);
  return index < 0 ? 0 : head.image.voxels[index];
}
