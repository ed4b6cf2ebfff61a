import { applyAffine } from '../imaging/affine.js';
import { fromMni } from './dura.js';
import type { LabelHead } from './label-map.js';
import { sparse, type PartCover } from './label-tissue.js';

/** The parasellar region in MNI coordinates: how far it reaches to either side, and from where to where otherwise. */
const region = { x: [3, 25], y: [-20, 14], z: [-42, -20] } as const;

/** Thickness of the cavernous sinus around the carotid, in voxels of 1 mm. */
const reach = 3;

/**
 * The cavernous sinuses: one broad area that takes up contrast around the carotids beside the sella, with them in it. It ends at the
 * brain.
 */
export function cavernousCover({ labels, shape, sourceFromVoxel }: LabelHead): PartCover {
  const [nx, ny, nz] = shape;
  const dense = new Float32Array(labels.length);
  const [x1, y1, z1] = fromMni(region.x[1], region.y[0], region.z[1]);
  const [x0, y0, z0] = fromMni(-region.x[1], region.y[1], region.z[0]);
  for (let k = reach; k < nz - reach; k++)
    for (let j = reach; j < ny - reach; j++)
      for (let i = reach; i < nx - reach; i++) {
        if (labels[i + nx * (j + ny * k)] !== 502) continue;
        const [x, y, z] = applyAffine(sourceFromVoxel, [i, j, k]);
        if (x < x1 || x > x0 || Math.abs(x) < region.x[0] || y < y0 || y > y1 || z < z0 || z > z1) continue;
        for (let dk = -reach; dk <= reach; dk++)
          for (let dj = -reach; dj <= reach; dj++)
            for (let di = -reach; di <= reach; di++) {
              const index = i + di + nx * (j + dj + ny * (k + dk));
              const label = labels[index];
              if (label > 0 && label < 500 && label !== 24) continue;
              const cover = reach + 0.5 - Math.hypot(di, dj, dk);
              if (cover > dense[index]) dense[index] = Math.min(1, cover);
            }
      }
  return { phase: 'venous', signal: [1.1, 1.7], unevenness: 0.12, ...sparse(dense) };
}
