import type { Vector3 } from '../imaging/affine.js';

/** Length of a step to a face, an edge and a corner neighbour. */
const stepLengths = [3, 4, 5];

/** What leads nowhere: a voxel that no path reaches. */
export const unreached = -1;

/**
 * The cheapest ways from every voxel to the nearest root (Dijkstra's algorithm with buckets).
 *
 * @param cost of crossing a voxel, 1 to 50; 0 where no way leads. The grid's outermost voxels are taken to be impassable.
 * @returns for each voxel the next one on its way: itself for a root, {@link unreached} for a voxel without a way.
 */
export function waysToRoots(roots: Iterable<number>, cost: Uint8Array, [nx, ny, nz]: Vector3): Int32Array {
  const next = new Int32Array(cost.length).fill(unreached);
  const best = new Int32Array(cost.length).fill(0x7fffffff);
  const neighbours: { offset: number; length: number }[] = [];
  for (let k = -1; k <= 1; k++)
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++)
        if (i || j || k)
          neighbours.push({
            offset: i + nx * (j + ny * k),
            length: stepLengths[Math.abs(i) + Math.abs(j) + Math.abs(k) - 1],
          });
  // As many buckets as a step costs at most: the queue never spans more.
  const buckets = Array.from({ length: 5 * 50 + 1 }, (): number[] => []);
  const inner = (index: number) => {
    const i = index % nx;
    const j = Math.floor(index / nx) % ny;
    const k = Math.floor(index / (nx * ny));
    return i > 0 && j > 0 && k > 0 && i < nx - 1 && j < ny - 1 && k < nz - 1;
  };
  let waiting = 0;
  for (const root of roots) {
    if (!inner(root)) continue;
    best[root] = 0;
    next[root] = root;
    buckets[0].push(root);
    waiting++;
  }
  for (let spent = 0; waiting > 0; spent++) {
    const bucket = buckets[spent % buckets.length];
    while (bucket.length > 0) {
      const at = bucket.pop()!;
      waiting--;
      if (best[at] !== spent) continue;
      for (const { offset, length } of neighbours) {
        const there = at + offset;
        const reached = spent + length * cost[there];
        if (cost[there] === 0 || reached >= best[there] || !inner(there)) continue;
        best[there] = reached;
        next[there] = at;
        buckets[reached % buckets.length].push(there);
        waiting++;
      }
    }
  }
  return next;
}
