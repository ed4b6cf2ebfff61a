import { invertAffine, multiplyAffine, type Affine } from './affine.js';
import { trilinear } from './trilinear.js';
import type { Grid, LabelMap, Volume } from './volume.js';

/**
 * Samples `source` trilinearly on `target`'s grid; outside the source's voxel centres the value is `background`.
 *
 * @param sourceFromTarget patient space of the target → patient space of the source, LPS mm.
 */
export function resampleLinear(source: Volume, target: Grid, sourceFromTarget: Affine, background = 0): Volume {
  const m = multiplyAffine(
    invertAffine(source.patientFromVoxel),
    multiplyAffine(sourceFromTarget, target.patientFromVoxel),
  );
  const [nx, ny, nz] = source.shape;
  const [tx, ty, tz] = target.shape;
  const voxels = new Float32Array(tx * ty * tz).fill(background);
  let index = 0;
  for (let k = 0; k < tz; k++)
    for (let j = 0; j < ty; j++)
      for (let i = 0; i < tx; i++, index++) {
        const x = m[0] * i + m[1] * j + m[2] * k + m[3];
        const y = m[4] * i + m[5] * j + m[6] * k + m[7];
        const z = m[8] * i + m[9] * j + m[10] * k + m[11];
        // A tiny tolerance, so that an identity transform keeps its border voxels.
        if (x < -1e-6 || y < -1e-6 || z < -1e-6 || x > nx - 1 + 1e-6 || y > ny - 1 + 1e-6 || z > nz - 1 + 1e-6)
          continue;
        voxels[index] = trilinear(source, x, y, z);
      }
  return { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels };
}

/** Nearest-neighbour counterpart of {@link resampleLinear} for labels; outside the source the label is 0. */
export function resampleNearest(source: LabelMap, target: Grid, sourceFromTarget: Affine): LabelMap {
  const m = multiplyAffine(
    invertAffine(source.patientFromVoxel),
    multiplyAffine(sourceFromTarget, target.patientFromVoxel),
  );
  const [nx, ny, nz] = source.shape;
  const [tx, ty, tz] = target.shape;
  const voxels = source.voxels instanceof Uint16Array ? new Uint16Array(tx * ty * tz) : new Uint8Array(tx * ty * tz);
  let index = 0;
  for (let k = 0; k < tz; k++)
    for (let j = 0; j < ty; j++)
      for (let i = 0; i < tx; i++, index++) {
        const x = Math.round(m[0] * i + m[1] * j + m[2] * k + m[3]);
        const y = Math.round(m[4] * i + m[5] * j + m[6] * k + m[7]);
        const z = Math.round(m[8] * i + m[9] * j + m[10] * k + m[11]);
        if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
        voxels[index] = source.voxels[x + nx * (y + ny * z)];
      }
  return { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels };
}
