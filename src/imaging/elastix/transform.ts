import { applyAffine, multiplyAffine, type Affine, type Vector3 } from '../affine.js';
import { applyBSpline, type BSpline } from './bspline.js';
import type { ParameterMap } from './parameter-map.js';

/** One stage's result: fixed patient space → moving patient space, LPS mm. */
export type StageTransform =
  | { readonly kind: 'affine'; readonly movingFromFixed: Affine }
  | { readonly kind: 'bspline'; readonly spline: BSpline };

/**
 * Reads one of elastix's transform parameter maps (Euler, affine, cubic B-spline), without what it is composed with.
 *
 * @throws Error for any other transform.
 * @see elastix manual 2.6; itk::Euler3DTransform: R = Rz · Rx · Ry unless ComputeZYX.
 */
export function parseTransform(map: ParameterMap): StageTransform {
  const kind = map['Transform']?.[0];
  const numbers = (name: string) => (map[name] ?? []).map(Number);
  const p = numbers('TransformParameters');
  if (kind === 'EulerTransform' || kind === 'AffineTransform') {
    const matrix = kind === 'AffineTransform' ? p.slice(0, 9) : eulerMatrix(p, map['ComputeZYX']?.[0] === 'true');
    const translation = kind === 'AffineTransform' ? p.slice(9, 12) : p.slice(3, 6);
    return { kind: 'affine', movingFromFixed: aroundCentre(matrix, numbers('CenterOfRotationPoint'), translation) };
  }
  if (kind === 'BSplineTransform' && (map['BSplineTransformSplineOrder']?.[0] ?? '3') === '3') {
    const vector = (name: string) => numbers(name) as unknown as Vector3;
    const spline: BSpline = {
      gridSize: vector('GridSize'),
      gridOriginMm: vector('GridOrigin'),
      gridSpacingMm: vector('GridSpacing'),
      gridDirection: transposed(numbers('GridDirection')),
      coefficients: Float64Array.from(p),
    };
    return { kind: 'bspline', spline };
  }
  throw new Error(`elastix returned an unknown transform: ${kind}`);
}

/** The first stage is applied first: T(x) = Tn(… T1(x)), elastix's `Compose`. */
export function applyTransforms(stages: readonly StageTransform[], point: Vector3): Vector3 {
  return stages.reduce(
    (at, stage) => (stage.kind === 'affine' ? applyAffine(stage.movingFromFixed, at) : applyBSpline(stage.spline, at)),
    point,
  );
}

/** The linear stages as one affine. @throws Error if a B-spline is among them. */
export function composeAffine(stages: readonly StageTransform[]): Affine {
  return stages.reduce<Affine>(
    (before, stage) => {
      if (stage.kind !== 'affine') throw new Error('a B-spline is not an affine');
      return multiplyAffine(stage.movingFromFixed, before);
    },
    [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
  );
}

function eulerMatrix([x, y, z]: number[], zyx: boolean): number[] {
  const rx = [1, 0, 0, 0, 0, Math.cos(x), -Math.sin(x), 0, 0, Math.sin(x), Math.cos(x), 0, 0, 0, 0, 1];
  const ry = [Math.cos(y), 0, Math.sin(y), 0, 0, 1, 0, 0, -Math.sin(y), 0, Math.cos(y), 0, 0, 0, 0, 1];
  const rz = [Math.cos(z), -Math.sin(z), 0, 0, Math.sin(z), Math.cos(z), 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const m = zyx ? multiplyAffine(rz, multiplyAffine(ry, rx)) : multiplyAffine(rz, multiplyAffine(rx, ry));
  return [m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]];
}

/** y = M (x − c) + c + t */
function aroundCentre(m: number[], c: number[], t: number[]): Affine {
  const offset = (row: number) => c[row] + t[row] - m[row * 3] * c[0] - m[row * 3 + 1] * c[1] - m[row * 3 + 2] * c[2];
  return [m[0], m[1], m[2], offset(0), m[3], m[4], m[5], offset(1), m[6], m[7], m[8], offset(2), 0, 0, 0, 1];
}

/** elastix writes directions column by column. */
const transposed = (m: number[]): number[] => [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
