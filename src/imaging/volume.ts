import { determinant, type Affine, type Vector3 } from './affine.js';

/**
 * A regular grid in patient space.
 * `shape` is [columns i, rows j, slices k]; voxel (i, j, k) lies at index `i + shape[0] * (j + shape[1] * k)`.
 * `patientFromVoxel` takes voxel indices to LPS millimetres (voxel centres).
 */
export interface Grid {
  readonly shape: Vector3;
  readonly patientFromVoxel: Affine;
}

/** Scalar image on a grid. */
export interface Volume extends Grid {
  readonly voxels: Float32Array;
}

/** A normalised image, as the networks take it. */
export interface NetworkImage extends Volume {
  /** The value where there is no head: outside the brain, and beyond the grid. */
  readonly background: number;
}

/** Binary mask (0/1) or label map (0 = background) on a grid. */
export interface LabelMap extends Grid {
  readonly voxels: Uint8Array | Uint16Array;
}

/** [i, j, k] of the voxel at `index`, the inverse of `i + shape[0] * (j + shape[1] * k)`. */
export function voxelFromIndex(index: number, shape: Vector3): Vector3 {
  const i = index % shape[0];
  const row = (index - i) / shape[0];
  const j = row % shape[1];
  return [i, j, (row - j) / shape[1]];
}

export const voxelCount = ({ shape }: Grid): number => shape[0] * shape[1] * shape[2];

/** mm³ of one voxel. */
export const voxelVolumeMm3 = ({ patientFromVoxel }: Grid): number => Math.abs(determinant(patientFromVoxel));

/** Voxel spacing along i, j, k in mm. */
export function spacingMm({ patientFromVoxel: m }: Grid): Vector3 {
  return [Math.hypot(m[0], m[4], m[8]), Math.hypot(m[1], m[5], m[9]), Math.hypot(m[2], m[6], m[10])];
}

/** An empty volume on `grid`'s geometry. */
export function emptyVolume({ shape, patientFromVoxel }: Grid): Volume {
  return { shape, patientFromVoxel, voxels: new Float32Array(shape[0] * shape[1] * shape[2]) };
}

/**
 * The voxels whose value `isInside`, as a mask. A loop, because `Uint8Array.from` with a function takes a hundred times
 * as long: seconds for a head.
 */
export function maskWhere(
  { shape, patientFromVoxel, voxels }: Volume | LabelMap,
  isInside: (value: number) => boolean,
): LabelMap {
  const inside = new Uint8Array(voxels.length);
  for (let index = 0; index < inside.length; index++) if (isInside(voxels[index])) inside[index] = 1;
  return { shape, patientFromVoxel, voxels: inside };
}

/**
 * The grid on which the networks see a head: Colin27's MNI space, 1 mm isotropic, 240 × 240 × 155 (Huang 2021, II.E.1).
 * i runs to the patient's left, j to posterior, k to superior.
 */
export const templateGrid: Grid = {
  shape: [240, 240, 155],
  patientFromVoxel: [1, 0, 0, -120, 0, 1, 0, -103, 0, 0, 1, -69, 0, 0, 0, 1],
};
