import { multiplyAffine, type Vector3 } from './affine.js';
import { spacingMm, type Volume } from './volume.js';

/**
 * Shrinks a volume by whole factors: every new voxel is the mean of a block of old ones and lies at its centre.
 * Incomplete blocks at the far borders are left out.
 */
export function blockMean(volume: Volume, factors: Vector3): Volume {
  const [fx, fy, fz] = factors;
  const [nx, ny, nz] = volume.shape;
  const shape: Vector3 = [Math.floor(nx / fx), Math.floor(ny / fy), Math.floor(nz / fz)];
  const voxels = new Float32Array(shape[0] * shape[1] * shape[2]);
  const { voxels: data } = volume;
  const scale = 1 / (fx * fy * fz);
  const line = new Float64Array(shape[0]);
  let index = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++) {
      line.fill(0);
      for (let dz = 0; dz < fz; dz++)
        for (let dy = 0; dy < fy; dy++) {
          let at = nx * (j * fy + dy + ny * (k * fz + dz));
          for (let i = 0; i < shape[0]; i++) for (let dx = 0; dx < fx; dx++) line[i] += data[at++];
        }
      for (let i = 0; i < shape[0]; i++) voxels[index++] = line[i] * scale;
    }
  const middle = (factor: number) => (factor - 1) / 2;
  const oldFromNew = [fx, 0, 0, middle(fx), 0, fy, 0, middle(fy), 0, 0, fz, middle(fz), 0, 0, 0, 1];
  return { shape, patientFromVoxel: multiplyAffine(volume.patientFromVoxel, oldFromNew), voxels };
}

/** {@link blockMean} to the spacing closest to `mm` that whole factors can reach; never finer than the volume is. */
export function coarsen(volume: Volume, mm: number): Volume {
  const factors = spacingMm(volume).map((spacing, axis) =>
    Math.min(Math.max(1, Math.round(mm / spacing)), volume.shape[axis]),
  ) as unknown as Vector3;
  return blockMean(volume, factors);
}
