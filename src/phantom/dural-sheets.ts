import { applyAffine, type Vector3 } from '../imaging/affine.js';
import { onMidlineFan } from './dura.js';
import type { LabelHead } from './label-map.js';
import { sparse, type PartCover } from './label-tissue.js';

/** Thirds of a millimetre, as the distances are. */
const third = 3;

/** Depth of a sheet of the given thickness in a voxel whose centre lies `offMm` from its middle: how much it fills. */
const fill = (thicknessMm: number, offMm: number) => Math.max(0, Math.min(thicknessMm, 1) * (1 - Math.abs(offMm)));

/** Distances (thirds of a millimetre) that the sheets of dura are drawn along. */
export interface Distances {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  readonly cerebellum: Uint8Array;
  /** From whatever is neither brain nor fluid: the inner skull. */
  readonly skull: Uint8Array;
}

/**
 * Falx, tentorium and the dura of the convexity as continuous sheets: the falx lies as far from the left as from the right
 * hemisphere, the tentorium as far from the cerebrum as from the cerebellum, the convexity's dura on the inner skull.
 */
export function duralSheets({ labels, shape, sourceFromVoxel }: LabelHead, distances: Distances): PartCover[] {
  const [nx, ny, nz] = shape;
  const falx = new Float32Array(labels.length);
  const tentorium = new Float32Array(labels.length);
  const convexity = new Float32Array(labels.length);
  const { left, right, cerebellum, skull } = distances;
  for (let k = 1, index; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      for (let i = 1; i < nx - 1; i++) {
        index = i + nx * (j + ny * k);
        const label = labels[index];
        if (label === 0 || label > 500) continue;
        const cerebrum = Math.min(left[index], right[index]);
        const apart = left[index] - right[index];
        if (cerebrum < 6 * third && cerebellum[index] < 6 * third)
          tentorium[index] = fill(0.85, (cerebrum - cerebellum[index]) / 2 / third);
        else if (Math.abs(apart) < 8 && cerebrum < 7 * third && isFalx(applyAffine(sourceFromVoxel, [i, j, k])))
          falx[index] = fill(0.85, apart / 2 / third);
        if (skull[index] > 0 && skull[index] <= 5) convexity[index] = 0.3 * fill(0.5, (skull[index] - third) / third);
      }
  return [
    { phase: 'tissue', signal: [0.9, 2], unevenness: 0.12, ...sparse(falx) },
    { phase: 'tissue', signal: [0.9, 2], unevenness: 0.12, ...sparse(tentorium) },
    { phase: 'tissue', signal: [0.9, 1.7], unevenness: 0.25, ...sparse(convexity) },
  ];
}

/** Whether the falx reaches a point near the midline (source space, LPS mm). */
function isFalx([, y, z]: Vector3): boolean {
  const { angleDeg, radiusMm } = onMidlineFan(y, z);
  // From the free edge above the corpus callosum outwards; shallower in front.
  const edgeMm = 60 - 25 * Math.min(1, Math.max(0, (angleDeg - 14) / 150));
  return angleDeg > 10 && angleDeg < 195 && radiusMm > edgeMm;
}
