import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invertAffine } from '../imaging/affine.js';
import { readNifti } from '../imaging/nifti.js';
import { namedVessels } from './arteries.js';
import type { Volume } from '../imaging/volume.js';
import { distanceFrom } from './distance.js';
import type { SourceHead } from './head.js';
import { smallStructures } from './small-structures.js';
import { cavernousSinuses, duralSinuses, pituitary } from './sinuses.js';
import { tissueImage } from './tissue.js';
import { rootsAt, surfaceVessels } from './vessel-network.js';

export type { SourceHead } from './head.js';

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

/** Fluid in and around the brain, no deeper than the insula lies: not the ventricles, but for the third and the fourth. */
function darkSpace({ voxels, shape }: Volume, brain: Uint8Array, { csf, grey }: SourceHead['levels']): Uint8Array {
  const fromBrain = distanceFrom((index) => brain[index] === 1, shape);
  const depth = distanceFrom((index) => brain[index] === 0, shape);
  const space = new Uint8Array(voxels.length);
  for (let index = 0; index < space.length; index++)
    if (fromBrain[index] <= 9 && depth[index] < 75 && voxels[index] < 0.5 * (csf + grey)) space[index] = 1;
  return space;
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
  const levels = tissueLevels(image.voxels, brain);
  const head: SourceHead = {
    anatomy: null,
    image,
    brain,
    voxelFromSource: invertAffine(image.patientFromVoxel),
    levels,
    vesselSpace: darkSpace(image, brain, levels),
    scale: [1, 1, 1],
    warp: [
      [40, 2.4],
      [20, 0.9],
    ],
    ventricles: null,
    paint: (random) => ({ tissue: tissueImage(head, random.fork('tissue')), parts: [] }),
    tubes: (random) => {
      const sinuses = duralSinuses(head, random.fork('sinuses'));
      const named = namedVessels(head, random.fork('named vessels'));
      return {
        'dural sinuses': sinuses,
        'cavernous sinuses': cavernousSinuses(random.fork('cavernous sinuses')),
        pituitary: pituitary(random.fork('pituitary')),
        ...named,
        ...surfaceVessels(head, rootsAt(head, sinuses), named.arteries, random.fork('surface')),
        ...smallStructures(head, random),
      };
    },
  };
  return head;
}
