import { applyAffine, invertAffine, type Vector3 } from '../volume/affine.js';
import type { IndexBox } from '../volume/crop.js';
import { spacingMm, type Grid, type LabelMap, type Volume } from '../volume/volume.js';
import { applyTransforms, type StageTransform } from './transform.js';

/** The transforms are evaluated this far apart and interpolated between: their control points lie far wider apart. */
const stepMm = 4;

/**
 * Carries a mask from moving to fixed space: a target voxel is set where the mask, read trilinearly at its transformed
 * place, is at least one half. The rest of `target`, outside `box`, stays 0.
 *
 * @param transforms fixed → moving patient space, the first applied first.
 */
export function warpMask(mask: LabelMap, target: Grid, box: IndexBox, transforms: readonly StageTransform[]): LabelMap {
  const { voxels } = warpLinear(mask, target, box, transforms);
  return { ...target, voxels: Uint8Array.from(voxels, (value) => (value >= 0.5 ? 1 : 0)) };
}

/**
 * Samples `moving` trilinearly where the transforms take the voxels of `target` within `box`; 0 elsewhere and outside `moving`.
 *
 * @param transforms fixed → moving patient space, the first applied first.
 */
export function warpLinear(
  moving: Volume | LabelMap,
  target: Grid,
  box: IndexBox,
  transforms: readonly StageTransform[],
): Volume {
  const [nx, ny] = target.shape;
  const voxels = new Float32Array(nx * ny * target.shape[2]);
  const movingFromPatient = invertAffine(moving.patientFromVoxel);
  const { first, last } = box;
  const steps = spacingMm(target).map((spacing) => Math.max(1, Math.round(stepMm / spacing)));
  const nodes = first.map((from, axis) => Math.max(2, Math.ceil((last[axis] - from) / steps[axis]) + 1));
  // Moving voxel coordinates at the nodes, three numbers each.
  const places = new Float64Array(3 * nodes[0] * nodes[1] * nodes[2]);
  let node = 0;
  for (let k = 0; k < nodes[2]; k++)
    for (let j = 0; j < nodes[1]; j++)
      for (let i = 0; i < nodes[0]; i++, node += 3) {
        const voxel: Vector3 = [first[0] + i * steps[0], first[1] + j * steps[1], first[2] + k * steps[2]];
        const point = applyTransforms(transforms, applyAffine(target.patientFromVoxel, voxel));
        places.set(applyAffine(movingFromPatient, point), node);
      }
  const dx = 3, dy = 3 * nodes[0], dz = 3 * nodes[0] * nodes[1]; // prettier-ignore
  for (let k = first[2]; k <= last[2]; k++)
    for (let j = first[1]; j <= last[1]; j++)
      for (let i = first[0]; i <= last[0]; i++) {
        const a = cell((i - first[0]) / steps[0], nodes[0]);
        const b = cell((j - first[1]) / steps[1], nodes[1]);
        const c = cell((k - first[2]) / steps[2], nodes[2]);
        const p = a.index * dx + b.index * dy + c.index * dz;
        const at = (axis: number) => {
          const q = p + axis;
          const low = bilinear(places[q], places[q + dx], places[q + dy], places[q + dx + dy], a.part, b.part);
          const r = q + dz;
          const high = bilinear(places[r], places[r + dx], places[r + dy], places[r + dx + dy], a.part, b.part);
          return low + (high - low) * c.part;
        };
        voxels[i + nx * (j + ny * k)] = sample(moving, at(0), at(1), at(2));
      }
  return { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels };
}

function cell(offset: number, count: number): { index: number; part: number } {
  const index = Math.min(Math.floor(offset), count - 2);
  return { index, part: offset - index };
}

function bilinear(v00: number, v10: number, v01: number, v11: number, x: number, y: number): number {
  const low = v00 + (v10 - v00) * x;
  return low + (v01 + (v11 - v01) * x - low) * y;
}

/** Trilinear; 0 outside the grid. */
function sample({ shape: [nx, ny, nz], voxels }: Volume | LabelMap, x: number, y: number, z: number): number {
  if (!(x >= 0 && y >= 0 && z >= 0 && x < nx - 1 && y < ny - 1 && z < nz - 1)) return 0;
  const x0 = Math.floor(x), y0 = Math.floor(y), z0 = Math.floor(z); // prettier-ignore
  const p = x0 + nx * (y0 + ny * z0);
  const row = nx;
  const slice = nx * ny;
  const low = bilinear(voxels[p], voxels[p + 1], voxels[p + row], voxels[p + row + 1], x - x0, y - y0);
  const q = p + slice;
  const high = bilinear(voxels[q], voxels[q + 1], voxels[q + row], voxels[q + row + 1], x - x0, y - y0);
  return low + (high - low) * (z - z0);
}
