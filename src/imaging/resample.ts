import { invertAffine, multiplyAffine, type Affine } from './affine.js';
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
  const { voxels: data } = source;
  const row = nx;
  const slice = nx * ny;
  let index = 0;
  for (let k = 0; k < tz; k++)
    for (let j = 0; j < ty; j++)
      for (let i = 0; i < tx; i++, index++) {
        const x = m[0] * i + m[1] * j + m[2] * k + m[3];
        const y = m[4] * i + m[5] * j + m[6] * k + m[7];
        const z = m[8] * i + m[9] * j + m[10] * k + m[11];
        // A hair's breadth of tolerance, so that an identity transform keeps its border voxels.
        if (x < -1e-6 || y < -1e-6 || z < -1e-6 || x > nx - 1 + 1e-6 || y > ny - 1 + 1e-6 || z > nz - 1 + 1e-6)
          continue;
        const x0 = Math.min(Math.max(Math.floor(x), 0), Math.max(nx - 2, 0));
        const y0 = Math.min(Math.max(Math.floor(y), 0), Math.max(ny - 2, 0));
        const z0 = Math.min(Math.max(Math.floor(z), 0), Math.max(nz - 2, 0));
        const fx = x - x0, fy = y - y0, fz = z - z0; // prettier-ignore
        const dx = nx > 1 ? 1 : 0;
        const dy = ny > 1 ? row : 0;
        const dz = nz > 1 ? slice : 0;
        const p = x0 + y0 * row + z0 * slice;
        const c00 = data[p] + (data[p + dx] - data[p]) * fx;
        const c10 = data[p + dy] + (data[p + dy + dx] - data[p + dy]) * fx;
        const c01 = data[p + dz] + (data[p + dz + dx] - data[p + dz]) * fx;
        const c11 = data[p + dz + dy] + (data[p + dz + dy + dx] - data[p + dz + dy]) * fx;
        const c0 = c00 + (c10 - c00) * fy;
        voxels[index] = c0 + (c01 + (c11 - c01) * fy - c0) * fz;
      }
  return { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels };
}

/** Nearest-neighbour twin of {@link resampleLinear} for labels; outside the source the label is 0. */
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
