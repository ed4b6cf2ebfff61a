import type { Vector3 } from '../imaging/affine.js';
import type { Random } from './random.js';

/**
 * Smooth noise over a grid of voxels: independent numbers within ±√3 (variance 1) on a lattice of `cell` voxels,
 * trilinear in between. Rows are read one after the other.
 */
export class LatticeNoise {
  readonly #nodes: Float32Array;
  readonly #shape: Vector3;
  readonly #row: Float32Array;

  constructor(
    shape: Vector3,
    private readonly cell: number,
    random: Random,
  ) {
    this.#shape = shape.map((count) => Math.ceil(count / cell) + 1) as unknown as Vector3;
    const [nx, ny, nz] = this.#shape;
    this.#nodes = new Float32Array(nx * ny * nz);
    for (let index = 0; index < this.#nodes.length; index++) this.#nodes[index] = random.uniform(-1.732, 1.732);
    this.#row = new Float32Array(shape[0]);
  }

  /** The noise of the voxels of row (j, k); the array is used again by the next call. */
  row(j: number, k: number): Float32Array {
    const { cell } = this;
    const [nx, ny] = this.#shape;
    const nodes = this.#nodes;
    const j0 = Math.floor(j / cell), k0 = Math.floor(k / cell); // prettier-ignore
    const fj = j / cell - j0, fk = k / cell - k0; // prettier-ignore
    const p00 = nx * (j0 + ny * k0);
    const p01 = p00 + nx;
    const p10 = p00 + nx * ny;
    const p11 = p10 + nx;
    const at = (node: number) => {
      const near = nodes[p00 + node] + fj * (nodes[p01 + node] - nodes[p00 + node]);
      const farther = nodes[p10 + node] + fj * (nodes[p11 + node] - nodes[p10 + node]);
      return near + fk * (farther - near);
    };
    const row = this.#row;
    let left = at(0);
    for (let node = 0, i = 0; i < row.length; node++) {
      const right = at(node + 1);
      for (let step = 0; step < cell && i < row.length; step++, i++) row[i] = left + (step / cell) * (right - left);
      left = right;
    }
    return row;
  }
}
