import { invertAffine, multiplyAffine, type Affine } from '../../imaging/affine.js';
import type { Grid, LabelMap } from '../../imaging/volume.js';

/** Half a voxel beyond the outermost voxel centres still belongs to the field of view. */
const halfVoxel = 0.5;

/**
 * Splits a mask by the field of view of a source, or of any other grid.
 *
 * @param sourceFromMask the mask's patient space → the source's, LPS mm.
 * @returns the part that the source covers, and what fraction of the mask that is (0 for an empty mask).
 */
export function coveredPart(
  mask: LabelMap,
  source: Grid,
  sourceFromMask: Affine,
): { covered: LabelMap; fraction: number } {
  const m = multiplyAffine(
    invertAffine(source.patientFromVoxel),
    multiplyAffine(sourceFromMask, mask.patientFromVoxel),
  );
  const [nx, ny, nz] = mask.shape;
  const voxels = new Uint8Array(mask.voxels.length);
  let all = 0;
  let inside = 0;
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (mask.voxels[index] === 0) continue;
        all++;
        let within = true;
        for (let axis = 0; axis < 3 && within; axis++) {
          const at = m[axis * 4] * i + m[axis * 4 + 1] * j + m[axis * 4 + 2] * k + m[axis * 4 + 3];
          within = at >= -halfVoxel && at <= source.shape[axis] - 1 + halfVoxel;
        }
        if (!within) continue;
        inside++;
        voxels[index] = 1;
      }
  const covered = { shape: mask.shape, patientFromVoxel: mask.patientFromVoxel, voxels };
  return { covered, fraction: all > 0 ? inside / all : 0 };
}
