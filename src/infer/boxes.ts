import { boundingBox } from '../volume/crop.js';
import type { LabelMap, NetworkImage } from '../volume/volume.js';
import type { Vector3 } from '../volume/affine.js';

/** Valid 3³ convolutions of one path: each takes a voxel from every side. */
export const haloVoxels = 9;
/** The subsampled paths see every 3rd and every 5th voxel: what is computed on this lattice sees the same ones. */
export const latticeVoxels = 15;

/** Output region of one run of a network: `size` voxels per axis from voxel `start`. It may reach beyond the image. */
export interface Box {
  readonly start: Vector3;
  readonly size: Vector3;
}

/** What makes a box admissible, and what it costs. */
export interface BoxRule {
  /** Every start is a multiple of this, per axis. */
  readonly startStep: Vector3;
  /** Every size is a multiple of this, per axis. */
  readonly sizeStep: Vector3;
  /** Work of a box of this size, in any unit; more for its halo, and something for being a box at all. */
  readonly cost: (size: Vector3) => number;
  /** Whether its activations fit in memory. */
  readonly fits: (size: Vector3) => boolean;
}

/** Cuts are tried at this many places an axis; a longer region is planned in pieces. */
const cutsPerAxis = 9;
/** Boxes are not made smaller than this for memory's sake. */
const smallestPitch = 16;

/**
 * Boxes that together hold every voxel of `region`, at the least cost that cutting in two, again and again, can reach: large
 * boxes compute idle corners, small ones halos. Cuts lie on a grid of a ninth of the region's extent; each box is then as
 * small as the voxels in it allow.
 */
export function planBoxes(region: LabelMap, rule: BoxRule): Box[] {
  const bounds = boundingBox(region);
  if (!bounds) return [];
  const origin = bounds.first.map((first, axis) => Math.floor(first / rule.startStep[axis]) * rule.startStep[axis]);
  const extent = bounds.last.map((last, axis) => last + 1 - origin[axis]);
  const up = (value: number, step: number) => Math.ceil(value / step) * step;
  const steps = rule.startStep.map((step, axis) => up(step, rule.sizeStep[axis]));
  let cuts = cutsPerAxis;
  const pitchFor = () => extent.map((length, axis) => up(length / cuts, steps[axis])) as unknown as Vector3;
  let pitch = pitchFor();
  while (!rule.fits(pitch) && pitch.some((value, axis) => value > Math.max(steps[axis], smallestPitch))) {
    cuts *= 2;
    pitch = pitchFor();
  }
  const blocks = occupiedBlocks(region, origin, pitch);
  const boxes: Box[] = [];
  const [ni, nj, nk] = blocks.count;
  for (let k = 0; k < nk; k += cutsPerAxis)
    for (let j = 0; j < nj; j += cutsPerAxis)
      for (let i = 0; i < ni; i += cutsPerAxis) boxes.push(...cheapestCuts(blocks, [i, j, k], rule, origin));
  return boxes;
}

/** First voxel and the one after the last, per axis. */
type Range3 = readonly [number, number, number, number, number, number];

interface Blocks {
  readonly count: Vector3;
  /** Bounds of the region's voxels in each block, relative to the image; null = none. */
  readonly bounds: readonly (Range3 | null)[];
}

function occupiedBlocks({ shape, voxels }: LabelMap, origin: readonly number[], pitch: Vector3): Blocks {
  const count = shape.map((size, axis) => Math.max(0, Math.ceil((size - origin[axis]) / pitch[axis]))) as unknown as Vector3; // prettier-ignore
  const bounds: ([number, number, number, number, number, number] | null)[] = Array.from(
    { length: count[0] * count[1] * count[2] },
    () => null,
  );
  let index = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, index++) {
        if (!voxels[index]) continue;
        const block =
          Math.floor((i - origin[0]) / pitch[0]) +
          count[0] * (Math.floor((j - origin[1]) / pitch[1]) + count[1] * Math.floor((k - origin[2]) / pitch[2]));
        const seen = bounds[block];
        if (!seen) bounds[block] = [i, j, k, i + 1, j + 1, k + 1];
        else {
          if (i < seen[0]) seen[0] = i;
          if (j < seen[1]) seen[1] = j;
          if (i >= seen[3]) seen[3] = i + 1;
          if (j >= seen[4]) seen[4] = j + 1;
          if (k >= seen[5]) seen[5] = k + 1;
        }
      }
  return { count, bounds };
}

/** Ranges of blocks within a piece are numbered by their first block and the one after the last, a decimal digit an axis. */
const digit: Vector3 = [100_000, 10_000, 1_000];
const endDigit: Vector3 = [100, 10, 1];
const ranges = 1_000_000;

/**
 * Dynamic programming over all ranges of blocks of one piece, whose first block is `corner`, from small ranges to large ones: each is
 * computed at once, or cut in two ranges whose best plans are known.
 */
function cheapestCuts(blocks: Blocks, corner: Vector3, rule: BoxRule, origin: readonly number[]): Box[] {
  const count = corner.map((from, axis) => Math.min(cutsPerAxis, blocks.count[axis] - from)) as unknown as Vector3;
  const cost = new Float64Array(ranges);
  /** The upper half of the best cut; 0: at once. */
  const cut = new Int32Array(ranges);
  /** Bounds of the voxels in the range. */
  const bounds = new Int16Array(6 * ranges);
  const boxOf = (range: number): Box => {
    const start: [number, number, number] = [0, 0, 0];
    const size: [number, number, number] = [0, 0, 0];
    for (let axis = 0; axis < 3; axis++) {
      const step = rule.startStep[axis];
      start[axis] = origin[axis] + Math.floor((bounds[6 * range + axis] - origin[axis]) / step) * step;
      size[axis] = Math.ceil((bounds[6 * range + 3 + axis] - start[axis]) / rule.sizeStep[axis]) * rule.sizeStep[axis];
    }
    return { start, size };
  };
  const length: [number, number, number] = [0, 0, 0];
  const low: [number, number, number] = [0, 0, 0];
  const solve = (): void => {
    const range = low.reduce((sum, from, axis) => sum + from * digit[axis] + (from + length[axis]) * endDigit[axis], 0);
    const single = length[0] * length[1] * length[2] === 1;
    let best = Infinity;
    for (let axis = 0; axis < 3; axis++)
      for (let at = low[axis] + 1; at < low[axis] + length[axis]; at++) {
        const below = range + (at - low[axis] - length[axis]) * endDigit[axis];
        const above = range + (at - low[axis]) * digit[axis];
        const both = cost[below] + cost[above];
        if (both >= best) continue;
        best = both;
        cut[range] = above;
      }
    if (single) {
      const [i, j, k] = low.map((from, axis) => from + corner[axis]);
      const found = blocks.bounds[i + blocks.count[0] * (j + blocks.count[1] * k)];
      if (found) bounds.set(found, 6 * range);
    } else {
      const above = cut[range];
      const below = lowerHalf(range, above);
      for (let side = 0; side < 6; side++) {
        const [a, b] = [bounds[6 * below + side], bounds[6 * above + side]];
        const pick = side < 3 ? Math.min(a, b) : Math.max(a, b);
        bounds[6 * range + side] = isEmpty(below) ? b : isEmpty(above) ? a : pick;
      }
    }
    if (isEmpty(range)) cut[range] = 0;
    else {
      const { size } = boxOf(range);
      const whole = single || rule.fits(size) ? rule.cost(size) : Infinity;
      if (whole <= best) cut[range] = 0;
      cost[range] = Math.min(whole, best);
    }
  };
  const isEmpty = (range: number) => bounds[6 * range + 3] === 0;
  for (length[0] = 1; length[0] <= count[0]; length[0]++)
    for (length[1] = 1; length[1] <= count[1]; length[1]++)
      for (length[2] = 1; length[2] <= count[2]; length[2]++)
        for (low[0] = 0; low[0] + length[0] <= count[0]; low[0]++)
          for (low[1] = 0; low[1] + length[1] <= count[1]; low[1]++)
            for (low[2] = 0; low[2] + length[2] <= count[2]; low[2]++) solve();
  const leaves = (range: number): Box[] =>
    cut[range]
      ? [...leaves(lowerHalf(range, cut[range])), ...leaves(cut[range])]
      : isEmpty(range)
        ? []
        : [boxOf(range)];
  return leaves(count.reduce((sum, end, axis) => sum + end * endDigit[axis], 0));
}

/** The lower half of a range, given the upper one: it ends where the other begins. */
function lowerHalf(range: number, above: number): number {
  for (let axis = 0; axis < 3; axis++) {
    const begins = Math.floor(above / digit[axis]) % 10;
    if (begins === Math.floor(range / digit[axis]) % 10) continue;
    const ends = Math.floor(range / endDigit[axis]) % 10;
    return range + (begins - ends) * endDigit[axis];
  }
  throw new RangeError('a cut leaves two halves');
}

/** Voxels of a full-resolution path's input, halo included. */
export const inputVoxels = (size: Vector3): number =>
  size.reduce((product, edge) => product * (edge + 2 * haloVoxels), 1);

/**
 * Multiply–adds of one path's nine layers for an output of `size`, halo included, in units of 27.
 *
 * @param widths feature maps of the nine layers.
 */
export function pathWork(size: Vector3, widths: readonly number[]): number {
  let sum = 0;
  for (const [layer, width] of widths.entries()) {
    const margin = 2 * (haloVoxels - 1 - layer);
    sum += (layer === 0 ? 1 : widths[layer - 1]) * width * size.reduce((product, edge) => product * (edge + margin), 1);
  }
  return sum;
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

/** First voxel and count per axis of a path's input for `box`: the full-resolution paths have step 1, the others 3 and 5. */
export function pathInput(box: Box, step: number): { first: Vector3; count: Vector3 } {
  // A subsampled path sees the centre voxel of each block of `step` (start + (step − 1) / 2) and nine of them beyond either end.
  const first = box.start.map((start) => start - haloVoxels * step + (step - 1) / 2) as unknown as Vector3;
  const count = box.size.map((size) => Math.ceil(size / step) + 2 * haloVoxels) as unknown as Vector3;
  return { first, count };
}
