import { beforeAll, describe, expect, it } from 'vitest';
import { voxelIndexAt } from '../../src/phantom/head.js';
import { Random } from '../../src/phantom/random.js';
import { unreached, waysToRoots } from '../../src/phantom/shortest-paths.js';
import { loadSourceHead, type SourceHead } from '../../src/phantom/source-head.js';
import type { Tube } from '../../src/phantom/tube.js';
import { surfaceVessels } from '../../src/phantom/vessel-network.js';
import type { Vector3 } from '../../src/imaging/affine.js';

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe('waysToRoots', () => {
  const shape = [9, 9, 5] as const;
  const indexAt = (i: number, j: number, k = 2) => i + 9 * (j + 9 * k);

  it('leads every voxel to a root around what cannot be crossed', () => {
    const cost = new Uint8Array(9 * 9 * 5).fill(1);
    // A wall with one gap.
    for (let k = 0; k < 5; k++) for (let j = 0; j < 9; j++) if (j !== 7) cost[indexAt(4, j, k)] = 0;
    const next = waysToRoots([indexAt(2, 2)], cost, shape);
    const way: number[] = [];
    for (let at = indexAt(6, 2); ; at = next[at]) {
      way.push(at);
      if (next[at] === at) break;
    }
    expect(way[way.length - 1]).toBe(indexAt(2, 2));
    expect(way.some((index) => index % 9 === 4 && Math.floor(index / 9) % 9 === 7)).toBe(true);
    expect(way.every((index) => cost[index] > 0)).toBe(true);
    expect(next[indexAt(4, 2)]).toBe(unreached);
  });

  it('goes where it is cheap rather than straight', () => {
    const cost = new Uint8Array(9 * 9 * 5).fill(20);
    for (const [i, j] of [[1, 1], [1, 2], [1, 3], [2, 4], [3, 5], [4, 5], [5, 5], [6, 4], [7, 3], [7, 2], [7, 1]]) cost[indexAt(i, j)] = 1; // prettier-ignore
    const next = waysToRoots([indexAt(7, 1)], cost, shape);
    let at = indexAt(1, 1);
    for (; next[at] !== at; at = next[at]) expect(cost[at]).toBe(1);
  });
});

describe('the vessels of the surface', () => {
  let head: SourceHead;
  let veins: readonly Tube[];
  let chains: Tube[][];
  let sinuses: readonly Tube[];
  beforeAll(async () => {
    head = await loadSourceHead();
    const structures = head.tubes(new Random('vessels'));
    sinuses = structures['dural sinuses'];
    veins = structures['cortical veins'];
    chains = [];
    for (const tube of veins) {
      const chain = chains[chains.length - 1];
      if (chain && chain[chain.length - 1].to === tube.from) chain.push(tube);
      else chains.push([tube]);
    }
  });

  it('run with the sulci and the surface, not through tissue', () => {
    const outside = veins.filter(({ from }) => {
      const index = voxelIndexAt(head, from);
      const [nx, ny] = head.image.shape;
      return ![0, 1, -1, nx, -nx, nx * ny, -nx * ny].some((step) => head.vesselSpace[index + step]);
    });
    expect(outside.length / veins.length).toBeLessThan(0.1);
  });

  it('taper: a vein widens towards the sinus and where others join it', () => {
    for (const { fromRadiusMm, toRadiusMm } of veins) expect(toRadiusMm).toBeGreaterThanOrEqual(fromRadiusMm);
    const radii = veins.map(({ toRadiusMm }) => toRadiusMm);
    expect(Math.max(...radii)).toBeGreaterThan(2.5 * Math.min(...radii));
  });

  it('end in a sinus or in another vessel', () => {
    const ends = chains.map((chain) => chain[chain.length - 1].to);
    const loose = ends.filter(
      (end, own) =>
        !sinuses.some(({ from, to }) => Math.min(distance(from, end), distance(to, end)) < 2) &&
        !chains.some((chain, other) => other !== own && chain.some((tube) => Math.min(distance(tube.from, end), distance(tube.to, end)) < 1.6)), // prettier-ignore
    );
    expect(loose.length / ends.length).toBeLessThan(0.02);
  });

  it('are many, most of them long', () => {
    expect(chains.length).toBeGreaterThan(60);
    const lengths = chains.map((chain) => chain.reduce((sum, { from, to }) => sum + distance(from, to), 0));
    expect(Math.max(...lengths)).toBeGreaterThan(60);
    expect(lengths.sort((a, b) => a - b)[lengths.length >> 1]).toBeGreaterThan(12);
  });

  it('are others in another patient', () => {
    const named = head.tubes(new Random('vessels'));
    const again = surfaceVessels(head, [voxelIndexAt(head, sinuses[0].from)], named.arteries, new Random('other'));
    expect(again['arterial branches'][0].from).not.toEqual(named['arterial branches'][0].from);
  });
});
