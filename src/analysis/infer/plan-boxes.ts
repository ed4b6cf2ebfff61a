import { connectedComponents } from '../../imaging/components.js';
import { boundingBox } from '../../imaging/crop.js';
import type { LabelMap } from '../../imaging/volume.js';
import type { Vector3 } from '../../imaging/affine.js';
import type { Box } from './boxes.js';

/** What makes a box admissible, and what it costs. */
export interface BoxRule {
  /** Every start is a multiple of this, per axis. */
  readonly startStep: Vector3;
  /** Every size is a multiple of this, per axis. */
  readonly sizeStep: Vector3;
  /** Work of a box of this size, in any unit; includes its halo and a fixed cost per box. */
  readonly cost: (size: Vector3) => number;
  /** Whether its activations fit in memory. */
  readonly fits: (size: Vector3) => boolean;
}

/** Cuts are tried at this many places per axis; a longer region is planned in pieces. */
const cutsPerAxis = 9;
/** Voxels per axis of the blocks into which a region is first divided, as far as the rule's steps allow. */
const blockEdge = 4;

/**
 * Boxes that together hold every voxel of `region`: large boxes compute idle corners, small ones halos. Each connected
 * part of the region is cut in two, again and again, at the least total cost (on a grid of a ninth of the part's
 * extent); then boxes are merged as long as two cost more than the one around both. Each is as small as its voxels
 * allow.
 */
export function planBoxes(region: LabelMap, rule: BoxRule): Box[] {
  const bounds = boundingBox(region);
  if (!bounds) return [];
  const up = (value: number, step: number) => Math.ceil(value / step) * step;
  const origin = bounds.first.map((first, axis) => Math.floor(first / rule.startStep[axis]) * rule.startStep[axis]) as unknown as Vector3; // prettier-ignore
  const pitch = rule.startStep.map((step, axis) => up(blockEdge, up(step, rule.sizeStep[axis]))) as unknown as Vector3;
  const parts = connectedBlocks(occupiedBlocks(region, origin, pitch));
  return mergeBoxes(
    parts.flatMap((part) => cutPart(part, pitch, rule, origin)),
    rule,
  );
}

/** First voxel and the one after the last, per axis. */
type Range3 = readonly [number, number, number, number, number, number];

/** The smallest range around two. */
const around = (a: Range3, b: Range3): Range3 => [
  Math.min(a[0], b[0]),
  Math.min(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.max(a[3], b[3]),
  Math.max(a[4], b[4]),
  Math.max(a[5], b[5]),
];

interface Blocks {
  readonly count: Vector3;
  /** Bounds of the region's voxels in each block, relative to the image; null = none. */
  readonly bounds: readonly (Range3 | null)[];
}

function occupiedBlocks({ shape, voxels }: LabelMap, origin: Vector3, pitch: Vector3): Blocks {
  const count = shape.map((size, axis) => Math.max(0, Math.ceil((size - origin[axis]) / pitch[axis]))) as unknown as Vector3; // prettier-ignore
  const bounds: ([number, number, number, number, number, number] | null)[] = Array.from(
    { length: count[0] * count[1] * count[2] },
    () => null,
  );
  const columns = Int32Array.from({ length: shape[0] }, (_, i) => Math.floor((i - origin[0]) / pitch[0]));
  let index = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++) {
      const row = count[0] * (Math.floor((j - origin[1]) / pitch[1]) + count[1] * Math.floor((k - origin[2]) / pitch[2])); // prettier-ignore
      for (let i = 0; i < shape[0]; i++, index++) {
        if (!voxels[index]) continue;
        const block = row + columns[i];
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
    }
  return { count, bounds };
}

/** Bounds of the voxels in each block of each part; blocks that touch, even at a corner, belong to one part. */
function connectedBlocks({ count, bounds }: Blocks): Range3[][] {
  const occupied = Uint8Array.from(bounds, (range) => (range ? 1 : 0));
  return connectedComponents(occupied, count).map((part) => Array.from(part, (block) => bounds[block]!));
}

/**
 * Cuts one part, given as the bounds of the voxels in blocks of `pitch`, on a grid whose pitch is a multiple of that.
 */
function cutPart(part: readonly Range3[], pitch: Vector3, rule: BoxRule, origin: Vector3): Box[] {
  const whole = part.reduce(around);
  const corner = origin.map((from, axis) => from + Math.floor((whole[axis] - from) / pitch[axis]) * pitch[axis]) as unknown as Vector3; // prettier-ignore
  const blocks = corner.map((from, axis) => Math.ceil((whole[axis + 3] - from) / pitch[axis])) as unknown as Vector3;
  let cuts = cutsPerAxis;
  let coarse = pitch;
  do {
    coarse = pitch.map((edge, axis) => edge * Math.ceil(blocks[axis] / cuts)) as unknown as Vector3;
    cuts *= 2;
  } while (!rule.fits(coarse) && coarse.some((edge, axis) => edge > pitch[axis]));
  const count = corner.map((from, axis) => Math.ceil((whole[axis + 3] - from) / coarse[axis])) as unknown as Vector3;
  const bounds: (Range3 | null)[] = Array.from({ length: count[0] * count[1] * count[2] }, () => null);
  for (const range of part) {
    const [i, j, k] = corner.map((from, axis) => Math.floor((range[axis] - from) / coarse[axis]));
    const block = i + count[0] * (j + count[1] * k);
    const seen = bounds[block];
    bounds[block] = seen ? around(seen, range) : range;
  }
  const boxes: Box[] = [];
  const [ni, nj, nk] = count;
  for (let k = 0; k < nk; k += cutsPerAxis)
    for (let j = 0; j < nj; j += cutsPerAxis)
      for (let i = 0; i < ni; i += cutsPerAxis) boxes.push(...cheapestCuts({ count, bounds }, [i, j, k], rule, origin));
  return boxes;
}

/** Merges the two boxes that gain most, as long as any pair gains. */
function mergeBoxes(boxes: readonly Box[], rule: BoxRule): Box[] {
  const merged = (a: Box, b: Box): Box => {
    const start = a.start.map((from, axis) => Math.min(from, b.start[axis])) as unknown as Vector3;
    const size = start.map((from, axis) => {
      const end = Math.max(a.start[axis] + a.size[axis], b.start[axis] + b.size[axis]);
      return Math.ceil((end - from) / rule.sizeStep[axis]) * rule.sizeStep[axis];
    }) as unknown as Vector3;
    return { start, size };
  };
  const kept = boxes.map((box) => ({ box, cost: rule.cost(box.size) }));
  type Pair = { a: (typeof kept)[number]; b: (typeof kept)[number]; joined: (typeof kept)[number]; gain: number };
  const pair = (a: Pair['a'], b: Pair['b']): Pair[] => {
    const box = merged(a.box, b.box);
    const cost = rule.cost(box.size);
    const gain = a.cost + b.cost - cost;
    return gain > 0 && rule.fits(box.size) ? [{ a, b, joined: { box, cost }, gain }] : [];
  };
  let pairs = kept.flatMap((a, n) => kept.slice(n + 1).flatMap((b) => pair(a, b)));
  while (pairs.length > 0) {
    const { a, b, joined } = pairs.reduce((best, other) => (other.gain > best.gain ? other : best));
    const left = kept.filter((one) => one !== a && one !== b);
    kept.splice(0, kept.length, ...left, joined);
    const untouched = pairs.filter((one) => ![one.a, one.b].some((end) => end === a || end === b));
    pairs = [...untouched, ...left.flatMap((other) => pair(other, joined))];
  }
  return kept.map(({ box }) => box);
}

/**
 * Dynamic programming over all ranges of blocks of one piece, whose first block is `corner`, from small ranges to large
 * ones: each is either computed whole, or cut into two ranges whose best plans are known.
 */
function cheapestCuts(blocks: Blocks, corner: Vector3, rule: BoxRule, origin: Vector3): Box[] {
  const count = corner.map((from, axis) => Math.min(cutsPerAxis, blocks.count[axis] - from)) as unknown as Vector3;
  // A range is numbered by six digits: the first block per axis, and the one after the last.
  const [ri, rj, rk] = count.map((blocksOfAxis) => blocksOfAxis + 1);
  const endDigit = [1, ri, ri * rj];
  const digit = endDigit.map((value) => value * ri * rj * rk);
  const ranges = (ri * rj * rk) ** 2;
  const cost = new Float64Array(ranges);
  /** The upper and the lower half of the best cut; 0: computed whole. */
  const upper = new Int32Array(ranges);
  const lower = new Int32Array(ranges);
  /** Bounds of the voxels in the range. */
  const bounds = new Int16Array(6 * ranges);
  const isEmpty = (range: number) => bounds[6 * range + 3] === 0;
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
        upper[range] = above;
        lower[range] = below;
      }
    if (single) {
      const [i, j, k] = low.map((from, axis) => from + corner[axis]);
      const found = blocks.bounds[i + blocks.count[0] * (j + blocks.count[1] * k)];
      if (found) bounds.set(found, 6 * range);
    } else {
      const [below, above] = [lower[range], upper[range]];
      for (let side = 0; side < 6; side++) {
        const [a, b] = [bounds[6 * below + side], bounds[6 * above + side]];
        const pick = side < 3 ? Math.min(a, b) : Math.max(a, b);
        bounds[6 * range + side] = isEmpty(below) ? b : isEmpty(above) ? a : pick;
      }
    }
    if (isEmpty(range)) upper[range] = 0;
    else {
      const { size } = boxOf(range);
      const whole = single || rule.fits(size) ? rule.cost(size) : Infinity;
      if (whole <= best) upper[range] = 0;
      cost[range] = Math.min(whole, best);
    }
  };
  for (length[0] = 1; length[0] <= count[0]; length[0]++)
    for (length[1] = 1; length[1] <= count[1]; length[1]++)
      for (length[2] = 1; length[2] <= count[2]; length[2]++)
        for (low[0] = 0; low[0] + length[0] <= count[0]; low[0]++)
          for (low[1] = 0; low[1] + length[1] <= count[1]; low[1]++)
            for (low[2] = 0; low[2] + length[2] <= count[2]; low[2]++) solve();
  const leaves = (range: number): Box[] =>
    upper[range] ? [...leaves(lower[range]), ...leaves(upper[range])] : isEmpty(range) ? [] : [boxOf(range)];
  return leaves(count.reduce((sum, end, axis) => sum + end * endDigit[axis], 0));
}
