import { invertAffine, type Vector3 } from '../imaging/affine.js';
import { namedVessels } from './arteries.js';
import { cavernousCover } from './cavernous.js';
import { distanceFrom } from './distance.js';
import { duralSheets, type Distances } from './dural-sheets.js';
import { readLabelMap, type LabelHead } from './label-map.js';
import { labelTissue, partCovers } from './label-tissue.js';
import { smallStructures } from './small-structures.js';
import type { SourceHead } from './head.js';
import { pituitary } from './sinuses.js';
import { ventricleField } from './ventricles.js';
import { surfaceVessels } from './vessel-network.js';

/** FreeSurfer's labels of one side of the cerebrum, and of the cerebellum. */
const left = new Set([2, 3, 4, 5, 10, 11, 12, 13, 17, 18, 25, 26, 28, 30, 136, 137]);
const right = new Set([41, 42, 43, 44, 49, 50, 51, 52, 53, 54, 57, 58, 60, 62, 163, 164]);
const cerebellum = new Set([7, 8, 46, 47]);
const midline = new Set([14, 15, 16, 72, 85]);

function distancesIn({
  labels,
  shape,
}: LabelHead): Distances & { readonly brain: Uint8Array; readonly skin: Uint8Array } {
  const from = (accept: (label: number) => boolean) => distanceFrom((index) => accept(labels[index]), shape);
  const [l, r, c] = [left, right, cerebellum].map((set) => from((label) => set.has(label)));
  const other = from((label) => midline.has(label));
  const brain = new Uint8Array(l.length);
  for (let index = 0; index < brain.length; index++)
    brain[index] = Math.min(l[index], r[index], c[index], other[index]);
  return {
    left: l,
    right: r,
    cerebellum: c,
    brain,
    skull: from((label) => label === 0 || (label > 500 && label !== 514 && label !== 502)),
    skin: from((label) => label === 0 || label === 511),
  };
}

/** The brain with its sulci: what lies within 4 mm of it, without the outermost 3⅓ mm of that. */
function brainMask(brain: Uint8Array, shape: Vector3): Uint8Array {
  const depth = distanceFrom((index) => brain[index] > 12, shape);
  return depth.map((distance, index) => (brain[index] === 0 || distance > 10 ? 1 : 0));
}

/** Fluid and vessels around the brain, ventricles left out. */
const isSurfaceFluid = new Set([24, 502, 514]);

function indicesWhere(labels: Uint16Array, accept: (label: number) => boolean): Uint32Array {
  const found: number[] = [];
  for (let index = 0; index < labels.length; index++) if (accept(labels[index])) found.push(index);
  return Uint32Array.from(found);
}

/** What the walks of vessels see: fluid is dark, darkest in the middle of a sulcus; white matter is bright. */
const levels = { csf: 20, grey: 75, white: 100 } as const;
const whiteMatter = new Set([2, 41, 7, 46, 16, 28, 60, 25, 57]);
const fluid = new Set([4, 5, 14, 15, 24, 43, 44, 72, 502, 514]);

function guide({ labels }: LabelHead, brain: Uint8Array): Float32Array {
  const image = new Float32Array(labels.length);
  for (let index = 0; index < image.length; index++) {
    const label = labels[index];
    if (label === 0) continue;
    if (fluid.has(label)) image[index] = levels.csf - Math.min(10, brain[index]);
    else image[index] = whiteMatter.has(label) ? levels.white : levels.grey;
  }
  return image;
}

/**
 * A head made from a label map (`anatomies.ts`): its tissues are painted class by class, its sinuses and great arteries come
 * from their labels, dura, falx and tentorium lie between what they part, and smaller vessels run in its sulci.
 *
 * @throws Error when the file is missing or another than it should be.
 */
export async function loadLabelHead(folder: string, name: string): Promise<SourceHead> {
  const map = await readLabelMap(folder, name);
  const { brain, skin, ...distances } = distancesIn(map);
  const voxelFromSource = invertAffine(map.sourceFromVoxel);
  // What comes later lies over what comes before: the carotids in the cavernous sinuses.
  const covers = [cavernousCover(map), ...duralSheets(map, distances), ...partCovers(map)];
  const sinuses = indicesWhere(map.labels, (label) => label === 514);
  const head: SourceHead = {
    anatomy: name,
    image: { shape: map.shape, patientFromVoxel: map.sourceFromVoxel, voxels: guide(map, brain) },
    brain: brainMask(brain, map.shape),
    vesselSpace: brain.map((distance, index) => (distance <= 30 && isSurfaceFluid.has(map.labels[index]) ? 1 : 0)),
    voxelFromSource,
    levels,
    scale: map.scale,
    warp: [
      [80, 4.5],
      [40, 2.8],
      [20, 1],
    ],
    ventricles: ventricleField(map, voxelFromSource),
    paint: (random) => labelTissue(map, { skin, brain }, covers, random),
    tubes: (random) => {
      const named = namedVessels(head, random.fork('named vessels'));
      return {
        pituitary: pituitary(random.fork('pituitary')),
        ...named,
        ...surfaceVessels(head, sinuses, named.arteries, random.fork('surface')),
        ...smallStructures(head, random),
      };
    },
  };
  return head;
}
