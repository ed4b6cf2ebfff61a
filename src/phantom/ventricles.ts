import { applyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { distanceFrom } from './distance.js';
import type { LabelHead } from './label-map.js';
import { emptyField, type DisplacementField } from './warp.js';

const lateral = new Set([4, 5, 43, 44]);

/** The displacement fades over this distance from the ventricles' walls. */
const fadeMm = 11;

/**
 * The field that narrows the lateral ventricles by one millimetre, in source space: it leads from outside towards the nearest wall, as
 * the point that a voxel of a wider ventricle's surroundings is taken from lies nearer to the ventricle.
 */
export function ventricleField({ labels, shape }: LabelHead, voxelFromSource: Affine): DisplacementField {
  const isVentricle = (index: number) => lateral.has(labels[index]);
  const outside = distanceFrom(isVentricle, shape);
  const inside = distanceFrom((index) => !isVentricle(index), shape);
  const [nx, ny, nz] = shape;
  /** Distance from the wall in mm, negative in the ventricle. */
  const distanceAt = (point: Vector3): number => {
    const [i, j, k] = applyAffine(voxelFromSource, point).map(Math.round);
    if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) return 85;
    const index = i + nx * (j + ny * k);
    return (outside[index] - inside[index]) / 3;
  };
  const field = emptyField();
  const { shape: nodes, spacingMm: spacing, originMm } = field;
  let node = 0;
  for (let c = 0; c < nodes[2]; c++)
    for (let b = 0; b < nodes[1]; b++)
      for (let a = 0; a < nodes[0]; a++, node++) {
        const point: Vector3 = [originMm[0] + a * spacing, originMm[1] + b * spacing, originMm[2] + c * spacing];
        const distance = distanceAt(point);
        if (distance > 3 * fadeMm) continue;
        const weight = Math.exp(-((distance / fadeMm) ** 2));
        for (let axis = 0; axis < 3; axis++) {
          const step = [0, 0, 0];
          step[axis] = 3;
          const at = (sign: number) =>
            distanceAt([point[0] + sign * step[0], point[1] + sign * step[1], point[2] + sign * step[2]]);
          // −gradient, no longer than 1: zero in the middle of the ventricle, where all walls are as near.
          field.along[axis].voxels[node] = (-weight * (at(1) - at(-1))) / 6;
        }
      }
  return field;
}
