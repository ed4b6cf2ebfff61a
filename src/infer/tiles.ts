import type { LabelMap, NetworkImage } from '../volume/volume.js';
import type { Vector3 } from '../volume/affine.js';

/** Valid 3³ convolutions of one path: each takes a voxel from every side. */
export const haloVoxels = 9;
/** The subsampled paths see every 3rd and every 5th voxel: tiles that start on this lattice see the same ones. */
export const latticeVoxels = 15;

/** Output region of one run of the networks: `size` voxels per axis from voxel `start`. */
export interface Tile {
  readonly start: Vector3;
  readonly size: Vector3;
}

/**
 * Tiles of one shape that cover every voxel of `region`, on the lattice that makes the tiling invisible: the probability of a
 * voxel does not depend on which tile it was computed in. Tiles without a voxel of the region are left out. Of all shapes whose
 * edges are multiples of 15, the one whose convolutions cost least, halos and idle corners included.
 *
 * @param maximumInputVoxels the largest input (halo included) whose activations fit in memory.
 */
export function planTiles(region: LabelMap, maximumInputVoxels: number): Tile[] {
  const occupied = occupiedBlocks(region);
  if (occupied.length === 0) return [];
  const low = [0, 1, 2].map((axis) => occupied.reduce((least, block) => Math.min(least, block[axis]), Infinity));
  const high = [0, 1, 2].map((axis) => occupied.reduce((most, block) => Math.max(most, block[axis]), 0));
  const edges = (axis: number) =>
    Array.from({ length: high[axis] - low[axis] + 1 }, (_, blocks) => (blocks + 1) * latticeVoxels);
  const smallest: Vector3 = [latticeVoxels, latticeVoxels, latticeVoxels];
  let best = { tiles: coverBlocks(occupied, low, smallest), cost: Infinity };
  for (const i of edges(0))
    for (const j of edges(1))
      for (const k of edges(2)) {
        const size: Vector3 = [i, j, k];
        if (inputVoxels(size) > maximumInputVoxels) continue;
        const tiles = coverBlocks(occupied, low, size);
        const cost = tiles.length * convolvedVoxels(size);
        if (cost < best.cost) best = { tiles, cost };
      }
  return best.tiles;
}

/** Voxels of a full-resolution path's input, halo included. */
export const inputVoxels = (size: Vector3): number =>
  size.reduce((product, edge) => product * (edge + 2 * haloVoxels), 1);

/** Output voxels of a path's nine layers together: each is two voxels smaller than the one before. */
function convolvedVoxels(size: Vector3): number {
  let sum = 0;
  for (let margin = 0; margin < haloVoxels; margin++)
    sum += size.reduce((product, edge) => product * (edge + 2 * margin), 1);
  return sum;
}

/** The 15³ blocks (block indices) that hold a voxel of the region. */
function occupiedBlocks({ shape, voxels }: LabelMap): Vector3[] {
  const blocks = shape.map((count) => Math.ceil(count / latticeVoxels));
  const seen = new Uint8Array(blocks[0] * blocks[1] * blocks[2]);
  let index = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, index++)
        if (voxels[index])
          seen[
            Math.floor(i / latticeVoxels) +
              blocks[0] * (Math.floor(j / latticeVoxels) + blocks[1] * Math.floor(k / latticeVoxels))
          ] = 1;
  const found: Vector3[] = [];
  seen.forEach((hit, block) => {
    if (hit)
      found.push([
        block % blocks[0],
        Math.floor(block / blocks[0]) % blocks[1],
        Math.floor(block / (blocks[0] * blocks[1])),
      ]);
  });
  return found;
}

/** Tiles of one size in rows from the region's first block on, without the empty ones. */
function coverBlocks(occupied: readonly Vector3[], low: readonly number[], size: Vector3): Tile[] {
  const blocks = size.map((edge) => edge / latticeVoxels);
  const starts = new Map<number, Vector3>();
  for (const block of occupied) {
    const tile = block.map((value, axis) => Math.floor((value - low[axis]) / blocks[axis]));
    const key = tile[0] + 1024 * (tile[1] + 1024 * tile[2]);
    if (starts.has(key)) continue;
    const [i, j, k] = tile.map((value, axis) => (low[axis] + value * blocks[axis]) * latticeVoxels);
    starts.set(key, [i, j, k]);
  }
  return [...starts.values()].map((start) => ({ start, size }));
}

/**
 * Cuts the input of one path out of an image: `count` voxels per axis, every `step`-th from voxel `first` on. Voxels
 * outside the image have its background. The result is laid out [k, j, i], as the networks' tensors are.
 */
export function cutInput(image: NetworkImage, first: Vector3, count: Vector3, step: number): Float32Array {
  const [nx, ny, nz] = image.shape;
  const input = new Float32Array(count[0] * count[1] * count[2]).fill(image.background);
  for (let c = 0, row = 0; c < count[2]; c++) {
    const k = first[2] + c * step;
    for (let b = 0; b < count[1]; b++, row += count[0]) {
      const j = first[1] + b * step;
      if (k < 0 || k >= nz || j < 0 || j >= ny) continue;
      const line = nx * (j + ny * k);
      for (let a = 0; a < count[0]; a++) {
        const i = first[0] + a * step;
        if (i >= 0 && i < nx) input[row + a] = image.voxels[line + i];
      }
    }
  }
  return input;
}

/** First voxel and count per axis of a path's input for `tile`: the full-resolution paths have step 1, the others 3 and 5. */
export function pathInput(tile: Tile, step: number): { first: Vector3; count: Vector3 } {
  // A subsampled path sees the centre voxel of each block of `step` (start + (step − 1) / 2) and nine of them beyond either end.
  const first = tile.start.map((start) => start - haloVoxels * step + (step - 1) / 2) as unknown as Vector3;
  const count = tile.size.map((size) => Math.ceil(size / step) + 2 * haloVoxels) as unknown as Vector3;
  return { first, count };
}
