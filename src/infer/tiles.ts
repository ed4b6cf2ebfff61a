import type { LabelMap, Grid } from '../volume/volume.js';
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
 * Tiles of one edge length that cover every voxel of `region`, on the lattice that makes the tiling invisible: the
 * probability of a voxel does not depend on which tile it was computed in. Tiles without a voxel of the region are left out.
 * The edge is the one among the multiples of 15 that computes the fewest input voxels, halo included.
 *
 * @param maximumEdgeVoxels the largest edge that fits in memory.
 */
export function planTiles(region: LabelMap, maximumEdgeVoxels: number): Tile[] {
  const occupied = occupiedBlocks(region);
  const edges = [];
  for (let edge = latticeVoxels; edge <= Math.max(maximumEdgeVoxels, latticeVoxels); edge += latticeVoxels)
    edges.push(edge);
  const plans = edges.map((edge) => ({ edge, tiles: coverBlocks(occupied, edge) }));
  const cost = ({ edge, tiles }: (typeof plans)[number]) => tiles.length * (edge + 2 * haloVoxels) ** 3;
  return plans.reduce((best, plan) => (cost(plan) < cost(best) ? plan : best)).tiles;
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

/** Tiles of `edge` voxels that start where the region's first block is, without the empty ones. */
function coverBlocks(occupied: readonly Vector3[], edge: number): Tile[] {
  const blocksPerTile = edge / latticeVoxels;
  const origin = [0, 1, 2].map((axis) => occupied.reduce((low, block) => Math.min(low, block[axis]), Infinity));
  const starts = new Map<string, Vector3>();
  for (const block of occupied) {
    const start = [0, 1, 2].map(
      (axis) =>
        (origin[axis] + Math.floor((block[axis] - origin[axis]) / blocksPerTile) * blocksPerTile) * latticeVoxels,
    ) as unknown as Vector3;
    starts.set(start.join(), start);
  }
  return [...starts.values()].map((start) => ({ start, size: [edge, edge, edge] }));
}

/**
 * Cuts the input of one path out of an image: `count` voxels per axis, every `step`-th from voxel `first` on. Voxels
 * outside the image have the value `background`. The result is laid out [k, j, i], as the networks' tensors are.
 */
export function cutInput(
  image: Grid & { voxels: Float32Array },
  first: Vector3,
  count: Vector3,
  step: number,
  background: number,
): Float32Array {
  const [nx, ny, nz] = image.shape;
  const input = new Float32Array(count[0] * count[1] * count[2]).fill(background);
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
