import { applyAffine, multiplyAffine, invertAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { spacingMm, type Grid } from '../imaging/volume.js';

/** When a structure takes up contrast, if it does: decides how a scan's contrast timing changes it. */
export type Phase = 'arterial' | 'venous' | 'tissue' | 'none';

/**
 * A cone with round ends: one piece of a vessel or sinus, LPS mm. `signal` is relative to white matter (1).
 * A blob is a tube whose ends coincide.
 */
export interface Tube {
  readonly from: Vector3;
  readonly to: Vector3;
  readonly fromRadiusMm: number;
  readonly toRadiusMm: number;
  readonly signal: number;
  readonly phase: Phase;
}

/** What tubes do to an image: by how much each voxel is filled (0–1), and with which signal. */
export interface Paint {
  readonly cover: Float32Array;
  readonly signal: Float32Array;
}

/**
 * Fills `paint` with tubes on `grid`. Where tubes overlap the one that fills a voxel more wins, so that a chain of pieces
 * has no beads. Tubes thinner than a voxel fade with their cross-section (partial volume).
 *
 * @param headFromPatient head space (where tubes live) ← the grid's patient space; rigid.
 * @param gain by phase: what this scan's contrast timing makes of the signal above white matter.
 */
export function paintTubes(
  paint: Paint,
  grid: Grid,
  headFromPatient: Affine,
  tubes: readonly Tube[],
  gain: Readonly<Record<Phase, number>>,
): void {
  const voxelFromHead = invertAffine(multiplyAffine(headFromPatient, grid.patientFromVoxel));
  const spacing = spacingMm(grid);
  const [nx, ny, nz] = grid.shape;
  const edgeMm = Math.cbrt(spacing[0] * spacing[1] * spacing[2]);
  for (const tube of tubes) {
    const a = applyAffine(voxelFromHead, tube.from);
    const b = applyAffine(voxelFromHead, tube.to);
    const reach = Math.max(tube.fromRadiusMm, tube.toRadiusMm) + edgeMm;
    const low = [0, 1, 2].map((axis) => Math.max(0, Math.ceil(Math.min(a[axis], b[axis]) - reach / spacing[axis])));
    const high = [0, 1, 2].map((axis) =>
      Math.min(grid.shape[axis] - 1, Math.floor(Math.max(a[axis], b[axis]) + reach / spacing[axis])),
    );
    if (low[0] >= nx || low[1] >= ny || low[2] >= nz || high[0] < 0 || high[1] < 0 || high[2] < 0) continue;
    const ax = a[0] * spacing[0], ay = a[1] * spacing[1], az = a[2] * spacing[2]; // prettier-ignore
    const dx = b[0] * spacing[0] - ax, dy = b[1] * spacing[1] - ay, dz = b[2] * spacing[2] - az; // prettier-ignore
    const length2 = dx * dx + dy * dy + dz * dz;
    const signal = 1 + (tube.signal - 1) * gain[tube.phase];
    for (let k = low[2]; k <= high[2]; k++)
      for (let j = low[1]; j <= high[1]; j++)
        for (let i = low[0]; i <= high[0]; i++) {
          const px = i * spacing[0] - ax, py = j * spacing[1] - ay, pz = k * spacing[2] - az; // prettier-ignore
          const along = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / length2)) : 0;
          const ex = px - along * dx, ey = py - along * dy, ez = pz - along * dz; // prettier-ignore
          const distance = Math.sqrt(ex * ex + ey * ey + ez * ez);
          const radius = tube.fromRadiusMm + along * (tube.toRadiusMm - tube.fromRadiusMm);
          let cover = 0.5 + (radius - distance) / edgeMm;
          if (cover <= 0) continue;
          if (cover > 1) cover = 1;
          const width = (2 * radius) / edgeMm;
          if (width < 1) cover *= width * width;
          const index = i + nx * (j + ny * k);
          if (cover > paint.cover[index]) {
            paint.cover[index] = cover;
            paint.signal[index] = signal;
          }
        }
  }
}
