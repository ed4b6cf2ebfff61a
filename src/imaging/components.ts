import { PrioraError } from '../core/errors.js';
import type { Vector3 } from './affine.js';
import type { IndexBox } from './crop.js';
import { voxelFromIndex, type Grid, type LabelMap } from './volume.js';

/** Voxel indices of one 26-connected component, ascending. */
export type Component = Uint32Array;

/** Bit that marks a voxel as taken while components grow; free in every mask. */
const TAKEN = 0x80;

/**
 * 26-connected components of the voxels that are not 0, in the order of their first voxel. The mask itself carries the
 * bookkeeping (and is restored), because there is no room for a second map of a source grid of 100 million voxels.
 *
 * @param shape [columns, rows, slices]; i fastest.
 */
export function connectedComponents(mask: Uint8Array, shape: Vector3): Component[] {
  const [nx, ny, nz] = shape;
  const components: Component[] = [];
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || mask[seed] & TAKEN) continue;
    mask[seed] |= TAKEN;
    const members = [seed];
    for (let next = 0; next < members.length; next++) {
      const [i, j, k] = voxelFromIndex(members[next], shape);
      for (let z = Math.max(k - 1, 0); z <= Math.min(k + 1, nz - 1); z++)
        for (let y = Math.max(j - 1, 0); y <= Math.min(j + 1, ny - 1); y++)
          for (let x = Math.max(i - 1, 0); x <= Math.min(i + 1, nx - 1); x++) {
            const neighbour = x + nx * (y + ny * z);
            if (mask[neighbour] === 0 || mask[neighbour] & TAKEN) continue;
            mask[neighbour] |= TAKEN;
            members.push(neighbour);
          }
    }
    components.push(Uint32Array.from(members).sort());
  }
  for (const component of components) for (const voxel of component) mask[voxel] &= ~TAKEN;
  return components;
}

/** The smallest box around a component. */
export function componentBox(component: Component, shape: Vector3): IndexBox {
  const first = [...voxelFromIndex(component[0], shape)];
  const last = [...first];
  for (const index of component)
    voxelFromIndex(index, shape).forEach((at, axis) => {
      if (at < first[axis]) first[axis] = at;
      if (at > last[axis]) last[axis] = at;
    });
  return { first: first as unknown as Vector3, last: last as unknown as Vector3 };
}

/**
 * Components of the found voxels, largest first and then by position, and the label map with their numbers.
 *
 * @param counts whether a component is one of them.
 * @throws PrioraError INTERNAL beyond 65,535 components: that is noise, and no SEG can hold it.
 */
export function labelComponents(
  found: Uint8Array,
  grid: Grid,
  counts: (component: Component) => boolean,
): { components: Component[]; labels: LabelMap & { readonly voxels: Uint16Array } } {
  const components = connectedComponents(found, grid.shape).filter(counts);
  if (components.length > 0xffff)
    throw new PrioraError('INTERNAL', `${components.length} separate findings: the networks' output is noise`);
  components.sort((a, b) => b.length - a.length || a[0] - b[0]);
  const voxels = new Uint16Array(found.length);
  components.forEach((component, index) => {
    for (const voxel of component) voxels[voxel] = index + 1;
  });
  return { components, labels: { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels } };
}

/** The voxels of each label 1, 2, … of a label map. */
export function labelledComponents({ voxels }: LabelMap): Component[] {
  const members: number[][] = [];
  voxels.forEach((number, index) => {
    if (number !== 0) (members[number - 1] ??= []).push(index);
  });
  return members.map((indices) => Uint32Array.from(indices));
}
