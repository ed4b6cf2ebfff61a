import { applyAffine, invertAffine, type Vector3 } from '../affine.js';
import type { IndexBox } from '../crop.js';
import { trilinear } from '../trilinear.js';
import { maskWhere, spacingMm, type Grid, type LabelMap, type Volume } from '../volume.js';
import { applyTransforms, type StageTransform } from './transform.js';

/**
 * The transforms are evaluated this far apart and interpolated in between: their control points are much further apart.
 */
const stepMm = 4;

/**
 * Carries a mask from moving to fixed space: a target voxel is set if the mask, read trilinearly at its transformed
 * position, is at least one half. The rest of `target`, outside `box`, stays 0.
 *
 * @param transforms fixed → moving patient space, the first applied first.
 */
export function warpMask(mask: LabelMap, target: Grid, box: IndexBox, transforms: readonly StageTransform[]): LabelMap {
  return maskWhere(warpLinear(mask, target, box, transforms), (value) => value >= 0.5);
}

/**
 * Samples `moving` trilinearly where the transforms take the voxels of `target` within `box`; 0 elsewhere and outside
 * `moving`.
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
  const [mx, my, mz] = moving.shape;
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
  // The nodes between which a row of voxels runs, interpolated across rows and slices; then along the row.
  const line = new Float64Array(3 * nodes[0]);
  const slice = 3 * nodes[0] * nodes[1];
  for (let k = first[2]; k <= last[2]; k++) {
    const c = cell((k - first[2]) / steps[2], nodes[2]);
    for (let j = first[1]; j <= last[1]; j++) {
      const b = cell((j - first[1]) / steps[1], nodes[1]);
      const start = 3 * nodes[0] * b.index + slice * c.index;
      for (let n = 0; n < line.length; n++) {
        const p = start + n;
        const low = places[p] + (places[p + line.length] - places[p]) * b.part;
        const q = p + slice;
        line[n] = low + (places[q] + (places[q + line.length] - places[q]) * b.part - low) * c.part;
      }
      let index = first[0] + nx * (j + ny * k);
      for (let i = first[0]; i <= last[0]; i++, index++) {
        const at = (i - first[0]) / steps[0];
        const node = Math.min(Math.floor(at), nodes[0] - 2);
        const part = at - node;
        const n = 3 * node;
        const x = line[n] + (line[n + 3] - line[n]) * part;
        const y = line[n + 1] + (line[n + 4] - line[n + 1]) * part;
        const z = line[n + 2] + (line[n + 5] - line[n + 2]) * part;
        if (x >= 0 && y >= 0 && z >= 0 && x < mx - 1 && y < my - 1 && z < mz - 1)
          voxels[index] = trilinear(moving, x, y, z);
      }
    }
  }
  return { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels };
}

/** The nodes between which an offset, counted in nodes, lies, and how far along. */
function cell(offset: number, count: number): { index: number; part: number } {
  const index = Math.min(Math.floor(offset), count - 2);
  return { index, part: offset - index };
}
