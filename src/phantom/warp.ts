import { applyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { trilinear } from '../imaging/trilinear.js';
import type { Volume } from '../imaging/volume.js';
import type { Random } from './random.js';

/** A displacement field on a regular lattice in LPS mm. */
export interface DisplacementField {
  readonly originMm: Vector3;
  readonly spacingMm: number;
  readonly shape: Vector3;
  /** Displacement along x, y and z at each node, mm. */
  readonly along: readonly [Lattice, Lattice, Lattice];
}

type Lattice = Pick<Volume, 'shape' | 'voxels'>;

const fieldOrigin: Vector3 = [-132, -156, -128];
const fieldExtentMm: Vector3 = [264, 312, 256];
const fieldSpacingMm = 4;

/** Weights of the uniform cubic B-spline at fraction `t` between two control points. */
function bsplineWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [(s * s * s) / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * s * s * s - 6 * s * s + 4) / 6, (t * t * t) / 6];
}

/** Adds a random cubic B-spline field with the given control spacing and amplitude (about one standard deviation). */
function addBspline(field: DisplacementField, random: Random, controlSpacingMm: number, deviationMm: number): void {
  const [nx, ny, nz] = fieldExtentMm.map((extent) => Math.ceil(extent / controlSpacingMm) + 4);
  // A B-spline of independent control points keeps about a third of their spread; 1.7 ≈ (1/0.69)^(3/2) makes up for it.
  const control = Float32Array.from({ length: nx * ny * nz * 3 }, () => random.normal(0, deviationMm * 1.7));
  const axisWeights = field.shape.map((count) =>
    Array.from({ length: count }, (_, index) => {
      const position = (index * field.spacingMm) / controlSpacingMm;
      return { first: Math.floor(position), weights: bsplineWeights(position - Math.floor(position)) };
    }),
  );
  let node = 0;
  for (const z of axisWeights[2])
    for (const y of axisWeights[1])
      for (const x of axisWeights[0]) {
        for (let c = 0; c < 4; c++)
          for (let b = 0; b < 4; b++) {
            const weightZY = z.weights[c] * y.weights[b];
            const row = ((z.first + c) * ny + y.first + b) * nx + x.first;
            for (let a = 0; a < 4; a++) {
              const weight = weightZY * x.weights[a];
              for (let axis = 0; axis < 3; axis++)
                field.along[axis].voxels[node] += weight * control[(row + a) * 3 + axis];
            }
          }
        node++;
      }
}

/** A field over a whole head that displaces nothing yet. */
export function emptyField(): DisplacementField {
  const shape = fieldExtentMm.map((extent) => Math.floor(extent / fieldSpacingMm) + 1) as unknown as Vector3;
  const lattice = (): Lattice => ({ shape, voxels: new Float32Array(shape[0] * shape[1] * shape[2]) });
  return { originMm: fieldOrigin, spacingMm: fieldSpacingMm, shape, along: [lattice(), lattice(), lattice()] };
}

/** How patients are made to differ from a head, and the head from Colin27's size. */
export interface Warping {
  /** How much larger than the person the head stands in source space, along x, y and z. */
  readonly scale: Vector3;
  /** The smooth warp that makes patients differ: control spacing and spread in mm, level by level. */
  readonly warp: readonly (readonly [spacingMm: number, deviationMm: number])[];
  /** Displacements in source space that narrow the ventricles by a millimetre; null where they are not known. */
  readonly ventricles: DisplacementField | null;
}

/** A smooth random displacement field over a head: one B-spline per [control spacing, amplitude] in mm. */
export function randomField(random: Random, levels: Warping['warp']): DisplacementField {
  const field = emptyField();
  levels.forEach(([spacing, deviation], index) => addBspline(field, random.fork(index), spacing, deviation));
  return field;
}

/** The displacement at a point (trilinear; held constant outside the lattice). */
export function displacementAt(field: DisplacementField, [x, y, z]: Vector3): Vector3 {
  const { shape, along, spacingMm, originMm } = field;
  const px = Math.min(Math.max((x - originMm[0]) / spacingMm, 0), shape[0] - 1.000001);
  const py = Math.min(Math.max((y - originMm[1]) / spacingMm, 0), shape[1] - 1.000001);
  const pz = Math.min(Math.max((z - originMm[2]) / spacingMm, 0), shape[2] - 1.000001);
  return [trilinear(along[0], px, py, pz), trilinear(along[1], px, py, pz), trilinear(along[2], px, py, pz)];
}

/**
 * A patient's individual head shape: head space (LPS mm, upright in the middle, but of its own size and form) ↔ the
 * space of the head the phantom is made from.
 */
export interface HeadShape {
  readonly sourceFromHeadAffine: Affine;
  readonly field: DisplacementField;
  /** By how many millimetres the ventricles' walls lie farther out than the source's, and the field that says whereto. */
  readonly ventricles: { readonly widerMm: number; readonly field: DisplacementField } | null;
}

/** Where the head stays when its size is changed: the brain's middle, about which a rigid registration lays it. */
const brainCentreMm: Vector3 = [0, 18, 8];

/**
 * Scale and shear within ±8 %, a smooth warp of a few millimetres, narrower or wider ventricles, and a left–right flip for every
 * second patient.
 */
export function randomHeadShape({ scale: sourceScale, warp, ventricles }: Warping, random: Random): HeadShape {
  const scale = random.uniform(0.945, 1.055);
  const axes = [0, 1, 2].map((axis) => sourceScale[axis] / (scale * random.uniform(0.975, 1.025)));
  const shear = () => random.uniform(-0.025, 0.025);
  const flip = random.chance(0.5) ? -1 : 1;
  const rows = [
    [flip * axes[0], flip * shear(), flip * shear()],
    [0, axes[1], shear()],
    [0, shear(), axes[2]],
  ];
  const [cx, cy, cz] = brainCentreMm;
  return {
    sourceFromHeadAffine: [
      ...rows.flatMap((row, axis) => [...row, brainCentreMm[axis] - row[0] * cx - row[1] * cy - row[2] * cz]),
      ...[0, 0, 0, 1],
    ],
    field: randomField(random.fork('field'), warp),
    ventricles: ventricles && { widerMm: random.fork('ventricles').uniform(-1.5, 3), field: ventricles },
  };
}

/** Head space → the source head's space. */
export function sourceFromHead({ sourceFromHeadAffine, field, ventricles }: HeadShape, point: Vector3): Vector3 {
  const [ux, uy, uz] = displacementAt(field, point);
  const [x, y, z] = applyAffine(sourceFromHeadAffine, point);
  const warped: Vector3 = [x + ux, y + uy, z + uz];
  if (!ventricles) return warped;
  const [vx, vy, vz] = displacementAt(ventricles.field, warped);
  const { widerMm } = ventricles;
  return [warped[0] + widerMm * vx, warped[1] + widerMm * vy, warped[2] + widerMm * vz];
}

/** The inverse of {@link sourceFromHead} by fixed-point iteration, to about 10⁻² mm. */
export function headFromSource(shape: HeadShape, headFromSourceAffine: Affine, point: Vector3): Vector3 {
  let head = applyAffine(headFromSourceAffine, point);
  for (let iteration = 0; iteration < 12; iteration++) {
    // What the affine part alone would have to be given so that the whole arrives at the point.
    const reached = sourceFromHead(shape, head);
    const affine = applyAffine(shape.sourceFromHeadAffine, head);
    head = applyAffine(headFromSourceAffine, [
      point[0] - (reached[0] - affine[0]),
      point[1] - (reached[1] - affine[1]),
      point[2] - (reached[2] - affine[2]),
    ]);
  }
  return head;
}
