import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../../src/imaging/affine.js';
import type { LabelMap, Volume } from '../../../src/imaging/volume.js';

/** Numbers in [0, 1) that follow from the seed alone (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Two normally distributed numbers are one call each of Box–Muller. */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Rotation by degrees about x, then y, then z, and a shift in mm. */
export function pose([rx, ry, rz]: Vector3, [tx, ty, tz]: Vector3): Affine {
  const about = (degrees: number, axis: number): Affine => {
    const c = Math.cos((degrees * Math.PI) / 180);
    const s = Math.sin((degrees * Math.PI) / 180);
    if (axis === 0) return [1, 0, 0, 0, 0, c, -s, 0, 0, s, c, 0, 0, 0, 0, 1];
    if (axis === 1) return [c, 0, s, 0, 0, 1, 0, 0, -s, 0, c, 0, 0, 0, 0, 1];
    return [c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  };
  const shift: Affine = [1, 0, 0, tx, 0, 1, 0, ty, 0, 0, 1, tz, 0, 0, 0, 1];
  return multiplyAffine(shift, multiplyAffine(about(rz, 2), multiplyAffine(about(ry, 1), about(rx, 0))));
}

export interface Head {
  seed: number;
  /** In-plane and slice spacing of the acquisition. */
  spacing: Vector3;
  shape: Vector3;
  rotation: Vector3;
  shiftMm: Vector3;
  /** Anatomical difference from the template: scaling of each axis and size of the smooth warp. */
  scale: Vector3;
  warpMm: number;
  /** Relative to the white matter's intensity. */
  noise: number;
  /** Intensity varies by this factor from one side to the other. */
  bias: number;
  /** Bright balls of 4–12 mm radius in the brain. */
  lesions: number;
}

/**
 * Somebody else's head, made from the template's: bent, scaled, laid elsewhere, with noise, shading, lesions and thick slices.
 *
 * @returns the image and, for every point of its patient space, whether it is brain.
 */
export function warpedHead(
  template: { head: Volume; brainMask: LabelMap },
  head: Head,
): { image: Volume; isBrain: (point: Vector3) => boolean; templateVoxelOf: (point: Vector3) => Vector3 } {
  const random = seeded(head.seed);
  const templateFromSource = invertAffine(pose(head.rotation, head.shiftMm));
  // The warp: a wave an axis, in any direction, mostly 100 to 200 mm long.
  const waves = [0, 1, 2].map((axis) => ({
    axis,
    k: [0, 1, 2].map(() => ((random() - 0.5) * 4 * Math.PI) / 120),
    phase: random() * 2 * Math.PI,
    mm: head.warpMm,
  }));
  const voxelFromTemplate = invertAffine(template.head.patientFromVoxel);
  const toTemplate = (point: Vector3): Vector3 => {
    const p = applyAffine(templateFromSource, point);
    const q = p.map((value, axis) => value * head.scale[axis]);
    for (const { axis, k, phase, mm } of waves)
      q[axis] += mm * Math.sin(k[0] * p[0] + k[1] * p[1] + k[2] * p[2] + phase);
    return applyAffine(voxelFromTemplate, q as unknown as Vector3);
  };
  const balls = Array.from({ length: head.lesions }, () => ({
    centre: [60 + random() * 60, 50 + random() * 110, 80 + random() * 60],
    radius: 4 + random() * 8,
  }));
  const patientFromVoxel: Affine = [
    head.spacing[0], 0, 0, (-head.spacing[0] * (head.shape[0] - 1)) / 2 + head.shiftMm[0],
    0, head.spacing[1], 0, (-head.spacing[1] * (head.shape[1] - 1)) / 2 + head.shiftMm[1] - 15,
    0, 0, head.spacing[2], (-head.spacing[2] * (head.shape[2] - 1)) / 2 + head.shiftMm[2] + 10,
    0, 0, 0, 1,
  ]; // prettier-ignore
  const voxels = new Float32Array(head.shape[0] * head.shape[1] * head.shape[2]);
  // A slice as thick as its spacing is the mean of thinner ones.
  const parts = Math.max(1, Math.round(head.spacing[2]));
  let index = 0;
  for (let k = 0; k < head.shape[2]; k++)
    for (let j = 0; j < head.shape[1]; j++)
      for (let i = 0; i < head.shape[0]; i++, index++) {
        let sum = 0;
        for (let part = 0; part < parts; part++) {
          const at = toTemplate(applyAffine(patientFromVoxel, [i, j, k + (part + 0.5) / parts - 0.5]));
          const inside = balls.some(
            ({ centre, radius }) => Math.hypot(...at.map((value, axis) => value - centre[axis])) < radius,
          );
          sum += inside ? 200 : trilinear(template.head, at);
        }
        const shading = 1 + head.bias * (i / head.shape[0] + j / head.shape[1] - 1);
        voxels[index] = Math.abs((3 * sum * shading) / parts + 450 * head.noise * normal(random));
      }
  return {
    image: { shape: head.shape, patientFromVoxel, voxels },
    templateVoxelOf: toTemplate,
    isBrain: (point) => trilinear(template.brainMask, toTemplate(point)) >= 0.5,
  };
}

function trilinear({ shape, voxels }: Volume | LabelMap, [x, y, z]: Vector3): number {
  const [nx, ny, nz] = shape;
  if (!(x >= 0 && y >= 0 && z >= 0 && x < nx - 1 && y < ny - 1 && z < nz - 1)) return 0;
  const x0 = Math.floor(x), y0 = Math.floor(y), z0 = Math.floor(z); // prettier-ignore
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const dx = corner & 1, dy = (corner >> 1) & 1, dz = corner >> 2; // prettier-ignore
    const weight = (dx ? x - x0 : 1 - x + x0) * (dy ? y - y0 : 1 - y + y0) * (dz ? z - z0 : 1 - z + z0);
    sum += weight * voxels[x0 + dx + nx * (y0 + dy + ny * (z0 + dz))];
  }
  return sum;
}
