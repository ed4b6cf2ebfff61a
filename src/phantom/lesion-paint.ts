import { applyAffine, invertAffine, multiplyAffine, type Affine } from '../imaging/affine.js';
import { spacingMm, type Grid } from '../imaging/volume.js';
import { depthAt, depthInBalls, extentOf, rippleAt } from './lesion-shape.js';
import { radiusMm, type PlacedLesion } from './lesion.js';

/** Signal at a point of a lesion, `depth` radii below its surface. */
function signalAt(lesion: PlacedLesion, [x, y, z]: readonly number[], depth: number, ripple: number): number {
  const { kind, coreSignal, rimShare, rimVariation, nodules, mottle } = lesion;
  const signal = lesion.signal * (1 + mottle * ripple);
  if (kind === 'solid' || kind === 'lobulated') return signal;
  const rim = rimShare * (1 + rimVariation * ripple);
  // The rim fades into the core over a tenth of the radius, a thin wall over less.
  const fade = Math.min(0.1, 0.6 * rimShare);
  let core = Math.min(1, Math.max(0, (depth - rim) / fade + 0.5));
  if (nodules.length > 0) core *= Math.min(1, Math.max(0, 0.5 - depthInBalls(nodules, x, y, z) / fade));
  // Old blood is bright and dark in patches.
  const inner = kind === 'haemorrhagic' ? coreSignal * (1 + 0.5 * ripple) : coreSignal;
  return signal + core * (inner - signal);
}

/**
 * Calls `visit` for every voxel a lesion touches, with the filled share (supersampled, 0–1), the mean signal of the filled
 * part, and the share of signal that oedema takes from white matter that is not filled.
 *
 * @param headFromPatient head space ← the grid's patient space; rigid.
 */
export function visitLesion(
  lesion: PlacedLesion,
  grid: Grid,
  headFromPatient: Affine,
  visit: (index: number, cover: number, signal: number, oedema: number) => void,
): void {
  const headFromVoxel = multiplyAffine(headFromPatient, grid.patientFromVoxel);
  const centre = applyAffine(invertAffine(headFromVoxel), lesion.centreMm);
  const { shape, oedema } = lesion;
  const radius = radiusMm(shape, lesion.volumeMm3);
  const spacing = spacingMm(grid);
  const extent = (extentOf(shape) + 1.6 * oedema.reach) * radius;
  const low = spacing.map((s, axis) => Math.max(0, Math.ceil(centre[axis] - extent / s - 1)));
  const high = spacing.map((s, axis) => Math.min(grid.shape[axis] - 1, Math.floor(centre[axis] + extent / s + 1)));
  const m = headFromVoxel;
  // The voxel's half diagonal in radii: farther from the surface than that a voxel is all in or all out.
  const halfDiagonal = (0.5 * Math.hypot(...spacing) * 1.7) / radius;
  const samples = Math.min(9, Math.max(3, Math.ceil(9 / radius)));
  const at = [0, 0, 0];
  const moveTo = (i: number, j: number, k: number) => {
    for (let row = 0; row < 3; row++)
      at[row] = (m[4 * row] * i + m[4 * row + 1] * j + m[4 * row + 2] * k + m[4 * row + 3] - lesion.centreMm[row]) / radius; // prettier-ignore
  };
  for (let k = low[2]; k <= high[2]; k++)
    for (let j = low[1]; j <= high[1]; j++)
      for (let i = low[0]; i <= high[0]; i++) {
        moveTo(i, j, k);
        const ripple = rippleAt(shape, at[0], at[1], at[2]);
        const depth = depthAt(shape, at[0], at[1], at[2], ripple);
        let cover = 0;
        let signal = 0;
        if (depth > halfDiagonal) {
          cover = 1;
          signal = signalAt(lesion, at, depth, ripple);
        } else if (depth > -halfDiagonal) {
          for (let c = 0; c < samples; c++)
            for (let b = 0; b < samples; b++)
              for (let a = 0; a < samples; a++) {
                moveTo(i + (a + 0.5) / samples - 0.5, j + (b + 0.5) / samples - 0.5, k + (c + 0.5) / samples - 0.5);
                const r = rippleAt(shape, at[0], at[1], at[2]);
                const d = depthAt(shape, at[0], at[1], at[2], r);
                if (d <= 0) continue;
                cover++;
                signal += signalAt(lesion, at, d, r);
              }
          if (cover) signal /= cover;
          cover /= samples ** 3;
        }
        // Oedema reaches out in fingers.
        const outside = Math.min(0, depth) / (oedema.reach * (1 + 0.6 * ripple) || 1);
        const swelling = oedema.reach && outside > -1 ? oedema.loss * Math.min(1, 1.6 * (1 + outside)) : 0;
        if (cover > 0 || swelling > 0) visit(i + grid.shape[0] * (j + grid.shape[1] * k), cover, signal, swelling);
      }
}
