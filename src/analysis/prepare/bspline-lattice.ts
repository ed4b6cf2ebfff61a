import type { Vector3 } from '../../imaging/affine.js';

/**
 * The four cubic B-spline weights along one axis at each of its positions: those of control points `first` to
 * `first + 3`.
 */
interface AxisWeights {
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

/** Weights at `places` (0 to 1 along the axis) of a lattice with `spans` spans, that is, `spans` + 3 control points. */
function axisWeights(places: ArrayLike<number>, spans: number): AxisWeights {
  const first = new Int32Array(places.length);
  const weights = new Float64Array(4 * places.length);
  for (let index = 0; index < places.length; index++) {
    const at = Math.min(Math.max(places[index], 0), 1) * spans;
    first[index] = Math.min(Math.floor(at), spans - 1);
    const t = at - first[index];
    const u = 1 - t;
    weights[4 * index] = (u * u * u) / 6;
    weights[4 * index + 1] = (3 * t * t * t - 6 * t * t + 4) / 6;
    weights[4 * index + 2] = (3 * u * u * u - 6 * u * u + 4) / 6;
    weights[4 * index + 3] = (t * t * t) / 6;
  }
  return { first, weights };
}

/**
 * A smooth scalar field on a box: uniform cubic B-splines with a few control points, i fastest. Data lie on regular
 * grids here, so sums over all voxels and all control points run axis by axis.
 */
export class BSplineLattice {
  readonly coefficients: Float64Array;
  private readonly points: Vector3;

  /** @param spans along each axis; there are `spans` + 3 control points. */
  constructor(private readonly spans: Vector3) {
    this.points = [spans[0] + 3, spans[1] + 3, spans[2] + 3];
    this.coefficients = new Float64Array(this.points[0] * this.points[1] * this.points[2]);
  }

  /**
   * A fitter of fields to values on the regular grid of `shape` whose outermost voxels lie on the box's faces, at the voxels
   * where `mask` is not 0; elsewhere values must be 0. What it returns adds the fit to the lattice.
   *
   * @see Lee, Wolberg, Shin 1997, eqs. 3–5 (scattered data approximation, one level)
   */
  fitter(shape: Vector3, mask: Uint8Array): (values: Float64Array) => void {
    const axes = this.axesOn(shape.map(evenPlaces));
    // Of a point's least-squares share of control point c, w_c v / Σ w², the lattice takes the mean weighted by w_c².
    // w_c is a product over axes, and so are w_c², w_c³ and Σ w².
    const squares = axes.map(({ first, weights }) => ({ first, weights: weights.map((w) => w * w) }));
    const cubes = axes.map(({ first, weights }) => {
      const norm = (at: number) => [0, 1, 2, 3].reduce((sum, part) => sum + weights[4 * at + part] ** 2, 0);
      return { first, weights: weights.map((w, index) => w ** 3 / norm(index >> 2)) };
    });
    const inside = new Float64Array(mask.length);
    for (let index = 0; index < mask.length; index++) if (mask[index] !== 0) inside[index] = 1;
    const weight = this.gather(shape, squares, inside);
    return (values) => {
      const sum = this.gather(shape, cubes, values);
      for (let point = 0; point < sum.length; point++)
        if (weight[point] > 0) this.coefficients[point] += sum[point] / weight[point];
    };
  }

  /**
   * Adds the field to `target`, i fastest, at the points of a grid (0 to 1 along each axis of the box; beyond it, the
   * border value).
   */
  addTo(target: Float64Array | Float32Array, places: readonly ArrayLike<number>[]): void {
    const [x, y, z] = this.axesOn(places);
    const [px, py] = this.points;
    const plane = new Float64Array(px * py);
    const line = new Float64Array(px);
    let index = 0;
    for (let k = 0; k < z.first.length; k++) {
      const slice = px * py;
      for (let point = 0; point < slice; point++) plane[point] = dot(this.coefficients, point, slice, z, k);
      for (let j = 0; j < y.first.length; j++) {
        for (let point = 0; point < px; point++) line[point] = dot(plane, point, px, y, j);
        for (let i = 0; i < x.first.length; i++) target[index++] += dot(line, 0, 1, x, i);
      }
    }
  }

  private axesOn(places: readonly ArrayLike<number>[]): AxisWeights[] {
    return places.map((along, axis) => axisWeights(along, this.spans[axis]));
  }

  /** Σ over voxels of value × weight, for each control point. */
  private gather([nx, ny, nz]: Vector3, [x, y, z]: readonly AxisWeights[], values: Float64Array): Float64Array {
    const [px, py, pz] = this.points;
    const result = new Float64Array(px * py * pz);
    const plane = new Float64Array(px * py);
    const line = new Float64Array(px);
    let index = 0;
    for (let k = 0; k < nz; k++) {
      plane.fill(0);
      for (let j = 0; j < ny; j++) {
        line.fill(0);
        for (let i = 0; i < nx; i++, index++) {
          const value = values[index];
          if (value !== 0) spread(line, 0, 1, x, i, value);
        }
        for (let point = 0; point < px; point++) spread(plane, point, px, y, j, line[point]);
      }
      for (let point = 0; point < px * py; point++) spread(result, point, px * py, z, k, plane[point]);
    }
    return result;
  }
}

/** Positions of `count` voxels from face to face. */
export const evenPlaces = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => index / Math.max(count - 1, 1));

/** Σ of four values, `stride` apart, times an axis' weights at one place. */
function dot(values: Float64Array, start: number, stride: number, { first, weights }: AxisWeights, at: number): number {
  const p = start + stride * first[at];
  const w = 4 * at;
  return (
    values[p] * weights[w] +
    values[p + stride] * weights[w + 1] +
    values[p + 2 * stride] * weights[w + 2] +
    values[p + 3 * stride] * weights[w + 3]
  );
}

/** The transpose of {@link dot}. */
function spread(
  values: Float64Array,
  start: number,
  stride: number,
  { first, weights }: AxisWeights,
  at: number,
  value: number,
): void {
  const p = start + stride * first[at];
  const w = 4 * at;
  values[p] += value * weights[w];
  values[p + stride] += value * weights[w + 1];
  values[p + 2 * stride] += value * weights[w + 2];
  values[p + 3 * stride] += value * weights[w + 3];
}
