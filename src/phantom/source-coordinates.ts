import type { Vector3 } from '../imaging/affine.js';
import { trilinear } from '../imaging/trilinear.js';
import type { LabelMap, Volume } from '../imaging/volume.js';

/** A smooth map from a grid's voxels to the source image's voxel coordinates. */
export interface SourceCoordinates {
  readonly shape: Vector3;
  readonly at: (voxel: Vector3) => Vector3;
}

/** The map is computed at every fourth voxel and is linear in between: the warps vary over 20 mm and more. */
const cell = 4;

/**
 * Samples a source image trilinearly at every voxel of a grid and hands over index and value. Outside the
 * source nothing is handed over, except below it, where its lowest slice goes on (a neck does not end at the field of view).
 */
export function sampleAlong(
  { shape: [nx, ny, nz], at }: SourceCoordinates,
  source: Pick<Volume | LabelMap, 'shape' | 'voxels'>,
  visit: (index: number, value: number) => void,
): void {
  const [cx, cy, cz] = [nx, ny, nz].map((count) => Math.floor((count - 1) / cell) + 2);
  const lattice = new Float32Array(cx * cy * cz * 3);
  let write = 0;
  for (let k = 0; k < cz; k++)
    for (let j = 0; j < cy; j++)
      for (let i = 0; i < cx; i++) {
        const [x, y, z] = at([i * cell, j * cell, k * cell]);
        lattice[write++] = x;
        lattice[write++] = y;
        lattice[write++] = z;
      }

  const line = new Float32Array(cx * 3);
  const [sx, sy, sz] = source.shape;
  for (let k = 0; k < nz; k++) {
    const k0 = Math.floor(k / cell);
    const fk = k / cell - k0;
    for (let j = 0; j < ny; j++) {
      const j0 = Math.floor(j / cell);
      const fj = j / cell - j0;
      const p00 = (k0 * cy + j0) * cx * 3;
      const p01 = p00 + cx * 3;
      const p10 = p00 + cx * cy * 3;
      const p11 = p10 + cx * 3;
      for (let q = 0; q < line.length; q++) {
        const near = lattice[p00 + q] + fj * (lattice[p01 + q] - lattice[p00 + q]);
        const farther = lattice[p10 + q] + fj * (lattice[p11 + q] - lattice[p10 + q]);
        line[q] = near + fk * (farther - near);
      }
      let index = nx * (j + ny * k);
      for (let i = 0; i < nx; i++, index++) {
        const q = (i >> 2) * 3;
        const f = (i & 3) / cell;
        const x = line[q] + f * (line[q + 3] - line[q]);
        const y = line[q + 1] + f * (line[q + 4] - line[q + 1]);
        let z = line[q + 2] + f * (line[q + 5] - line[q + 2]);
        if (z < 0) z = 0;
        if (x < 0 || y < 0 || x >= sx - 1 || y >= sy - 1 || z >= sz - 1) continue;
        visit(index, trilinear(source, x, y, z));
      }
    }
  }
}
